import { hideValue } from '../shared/log.ts';
import { hideArguments } from '../shared/plugin/hide_arguments.ts';
import { decodeBody, openPayload, toJsonLine } from '../shared/protocol/codec.ts';

/** Members that hold what an operator or a device typed in: the only places where a payload has secrets by design. */
const SECRET_MEMBERS = ['arg', 'kwarg', 'fun_args', 'token'] as const;
/** What keeps a line of JSON from being shown as it is: such a member, or that it is more than one line. */
const UNFIT = new RegExp(`"(?:${SECRET_MEMBERS.join('|')})"|\\n`);

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
  // Latin-1 has a character for each byte, so that nothing is decoded to look for those of ASCII.
  if (payload.encoding === 'json' && !UNFIT.test(body.toString('latin1'))) return body;
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
