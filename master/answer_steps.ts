import type { Clock } from '../shared/clock.ts';
import { FleetError, toReport } from '../shared/errors.ts';
import { PAYLOAD_LIMITS } from '../shared/protocol/cbor_scan.ts';
import { toJsonLine, toJsonText } from '../shared/protocol/codec.ts';
import type { JobRequest, OperatorResponsePayload } from '../shared/protocol/messages/operator.ts';
import type { Answer } from './events/event_streams.ts';

/** Between two messages of one answer, at least, milliseconds: nobody sees it. The first and the last go out at once. */
const MOMENT_MS = 20;
/** What is gathered goes out when it is so much, bytes of JSON. */
const MOMENT_BYTES = 64 * 1024;

type Tell = (payload: Uint8Array) => void;

/** How the steps of an answer become messages, as the request wants it. */
export function answerBy(gather: JobRequest['gather'], tell: Tell, clock: Clock): Answer {
  if (gather === true) return gatherAll(tell);
  return gather === 'moment' ? gatherMoments(tell, clock) : (step) => tell(toJsonLine(step));
}

/** Keeps all steps until the last, and tells them as one. */
function gatherAll(tell: Tell): Answer {
  const lines: string[] = [];
  let bytes = BEGIN_ALL.length + END.length;
  return (step) => {
    if (step.t !== 'end') {
      const line = toJsonText(step);
      bytes += Buffer.byteLength(line) + COMMA.length;
      // What no message carries is not kept either.
      if (bytes < PAYLOAD_LIMITS.bytes) lines.push(line);
      else lines.length = 0;
    }
    if (!isLast(step)) return;
    if (bytes < PAYLOAD_LIMITS.bytes) return tell(joined(BEGIN_ALL, lines));
    const hint = 'ask without gather';
    const error = new FleetError('LIMIT_EXCEEDED', 'the answer does not fit one message', { hint });
    tell(toJsonLine({ t: 'error', error: toReport(error) }));
  };
}

/** A message for each of a thousand returns would take longer than the returns themselves, here and where it is read. */
function gatherMoments(tell: Tell, clock: Clock): Answer {
  let lines: string[] = [];
  let bytes = 0;
  let notBeforeMs = 0;
  let isPlanned = false;

  const send = (): void => {
    isPlanned = false;
    const [first] = lines;
    if (first === undefined) return;
    tell(lines.length === 1 ? Buffer.from(first) : joined(BEGIN_SOME, lines));
    lines = [];
    bytes = 0;
    notBeforeMs = clock.monotonicMs() + MOMENT_MS;
  };
  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    const waitMs = notBeforeMs - clock.monotonicMs();
    if (waitMs > 0) clock.after(waitMs, send);
    // What else ends in this turn of the event loop comes with it.
    else setImmediate(send);
  };
  return (step) => {
    const line = toJsonText(step);
    const lineBytes = Buffer.byteLength(line);
    // One that is large goes alone: together they might be more than a message may have. So does the last, and whoever
    // looks on at a job for one minion reads what he always did.
    if (isLast(step) || bytes + lineBytes > MOMENT_BYTES) send();
    lines.push(line);
    bytes += lineBytes;
    if (isLast(step) || bytes > MOMENT_BYTES) send();
    else plan();
  };
}

const BEGIN_ALL = '{"t":"all","steps":[';
const BEGIN_SOME = '{"t":"some","steps":[';
const COMMA = ',';
const END = ']}';

function joined(begin: string, lines: readonly string[]): Buffer {
  return Buffer.from(`${begin}${lines.join(COMMA)}${END}`);
}

function isLast({ t }: OperatorResponsePayload): boolean {
  return t === 'end' || t === 'error';
}
