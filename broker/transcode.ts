import { hideValue } from '../shared/log.ts';
import { hideArguments } from '../shared/plugin/hide_arguments.ts';
import { decodeBody, openPayload, toJsonLine } from '../shared/protocol/codec.ts';

/** Members that hold what an operator or a device typed in: the only places where a payload has secrets by design. */
const SECRET_MEMBERS = ['arg', 'kwarg', 'fun_args', 'token'] as const;
const SECRET_MARKS = SECRET_MEMBERS.map((member) => Buffer.from(`"${member}"`));
const LINE_FEED = 0x0a;

/**
 * Payloads as observers see them: one line of JSON, without signature, secrets hidden. All observers of a payload are
 * served in direct succession, for whom it is converted once. Throws MESSAGE_INVALID.
 */
export function createTranscoder(): (payload: Uint8Array) => Buffer {
  // A WeakMap of all would take longer than to convert most of them.
  let last: { readonly payload: Uint8Array; readonly line: Buffer } | undefined;
  return (payload) => {
    if (last?.payload !== payload) last = { payload, line: toObserverJson(payload) };
    return last.line;
  };
}

function toObserverJson(bytes: Uint8Array): Buffer {
  // Nothing is how retained state is taken back [MQTT-3.3.1-10].
  if (bytes.length === 0) return asBuffer(bytes);
  const payload = openPayload(bytes);
  const body = asBuffer(payload.body);
  const isFit = payload.encoding === 'json' && !body.includes(LINE_FEED);
  if (isFit && !SECRET_MARKS.some((mark) => body.includes(mark))) return body;
  return toJsonLine(hideSecrets(decodeBody(payload)));
}

function hideSecrets(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const result: Record<string, unknown> = hideArguments({ ...value });
  if ('token' in result) result.token = hideValue(result.token);
  return result;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** For what is kept: a piece of a larger buffer would keep all of that. */
export function ownCopy(bytes: Uint8Array): Buffer {
  return asBuffer(Uint8Array.from(bytes));
}
