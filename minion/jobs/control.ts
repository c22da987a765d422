import { errorLine, FleetError } from '../../shared/errors.ts';
import { decodeBody, openPayload, type Payload } from '../../shared/protocol/codec.ts';
import { JobControl, type JobControlPayload } from '../../shared/protocol/messages/job.ts';
import { openSigned } from './open_signed.ts';
import type { ReceiverOptions } from './receive.ts';

/** What waits for the keys or the time of the master, at a time. */
const WAITING_MAX = 256;

/** Takes what the master says of jobs that it sent. Rejects with MESSAGE_INVALID. */
export function createControl(
  options: ReceiverOptions,
  keyOnItsWay: (kid: string) => Promise<void> | undefined,
): (bytes: Uint8Array) => Promise<void> {
  let waiting = 0;
  /** Asked for when the message seems late by a time that may be wrong. */
  const timeOnItsWay = (payload: Payload): Promise<void> | undefined => {
    const { exp } = JobControl.check(decodeBody(payload));
    return exp > options.masterNow() || options.isMasterTimeSure() ? undefined : options.askAgain();
  };
  const take = async (payload: Payload): Promise<void> => {
    const control = await open(options, payload);
    if (control !== undefined) obey(options, control);
  };
  return async (bytes) => {
    const payload = openPayload(bytes);
    const kid = payload.signature?.kid;
    const isKeyKnown = kid === undefined || options.signingKey(kid) !== undefined;
    const answer = waiting >= WAITING_MAX ? undefined : isKeyKnown ? timeOnItsWay(payload) : keyOnItsWay(kid);
    if (answer === undefined) return take(payload);
    // Not awaited by the connection, on which the answer comes.
    waiting++;
    void answer
      .then(() => take(payload))
      .catch((error: unknown) => options.log.warning('a message was refused', { reason: errorLine(error) }))
      .finally(() => void waiting--);
  };
}

function obey({ table, cancel, resend, acknowledge }: ReceiverOptions, { op, jid }: JobControlPayload): void {
  if (op === 'cancel') cancel(jid);
  else if (op === 'resend') resend(jid);
  else if (op === 'probe' && table.has(jid)) acknowledge(jid, { st: 'run' });
}

/** Undefined when it is refused, of which the operator learns. */
async function open(options: ReceiverOptions, payload: Payload): Promise<JobControlPayload | undefined> {
  const { id, signingKey, masterNow, log } = options;
  const refuse = ({ op, jid }: JobControlPayload, reason: string): void => {
    log.warning('a message about a job was refused', { jid, op, reason });
    options.acknowledge(jid, { st: 'ctl', reason: `${op}: ${reason}` });
  };
  try {
    const control = JobControl.check(await openSigned(payload, id, signingKey, 'ctl'));
    const late = masterNow() - control.exp;
    // Without the time of the master it is taken: it asks for nothing but what the master has asked of that job.
    if (late < 0 || !options.knowsMasterTime()) return control;
    refuse(control, `expired ${late} s before it reached the minion`);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== 'SIGNATURE_INVALID') throw error;
    refuse(JobControl.check(decodeBody(payload)), `signature: ${error.message}`);
  }
  return undefined;
}
