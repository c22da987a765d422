import * as v from 'valibot';
import { toReport } from '../shared/errors.ts';
import { Correlation, Jid, PartNumber } from '../shared/ids.ts';
import type { Access, Identity } from '../shared/protocol/access.ts';
import { PAYLOAD_LIMITS } from '../shared/protocol/cbor_scan.ts';
import { decodeUnsigned } from '../shared/protocol/codec.ts';
import type { AnyMessage } from '../shared/protocol/message.ts';
import { Return, ReturnLong, ReturnPart } from '../shared/protocol/messages/return.ts';
import type { Received } from './broker_options.ts';

/** A publish as a client sent it. */
export interface Publish {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly qos: 0 | 1 | 2;
}

export interface Refused {
  readonly reason: 'acl' | 'size' | 'rate' | 'schema';
  readonly message: string;
}

const RETURN_NAMES: ReadonlySet<string> = new Set([Return.name, ReturnLong.name, ReturnPart.name]);
/** Topic parameters that no `self` rule ties to the connection. */
const PARAM_SCHEMAS = [
  ['jid', Jid],
  ['c', Correlation],
  ['n', PartNumber],
] as const;

/** A return must not be lost, so it is not refused for its rate. */
function isReturn(message: AnyMessage): boolean {
  return RETURN_NAMES.has(message.name);
}

/**
 * Whether a client may send this and whether it is what its topic says. Cheap checks first; the payload is decoded
 * last.
 */
export function checkPublish(
  access: Access,
  who: Identity,
  publish: Publish,
  mayPublishNow: () => boolean,
): Received | Refused {
  const allowed = access.mayPublish(who, publish.topic);
  if (allowed === undefined) return refuse('acl', `${who.role} ${who.id} may not publish here`);
  const { message, params } = allowed;
  const forbidden = message.forbids?.(params);
  if (forbidden !== undefined) return refuse('acl', forbidden);
  if (!isReturn(message) && !mayPublishNow()) return refuse('rate', 'more publishes per second than allowed');
  if (publish.payload.length > PAYLOAD_LIMITS.bytes) {
    return refuse('size', `payload of ${publish.payload.length} bytes, limit ${PAYLOAD_LIMITS.bytes}`);
  }
  if (publish.retain && !message.retain) return refuse('schema', `${message.name} must not be retained`);
  for (const [name, schema] of PARAM_SCHEMAS) {
    if (params[name] !== undefined && !v.is(schema, params[name])) {
      return refuse('schema', `the topic's ${name} is not one`);
    }
  }
  const { topic, retain, qos } = publish;
  if (message.raw) return { who, message, topic, params, payload: publish.payload, retain, qos };
  let payload: unknown;
  try {
    payload = message.check(decodeUnsigned(publish.payload));
  } catch (error) {
    return refuse('schema', toReport(error).message);
  }
  return (
    (isReturn(message) && checkReturn(who, params, payload)) || { who, message, topic, params, payload, retain, qos }
  );
}

/** A return names its minion and its job twice: in the payload and by the connection or topic. They must agree. */
function checkReturn(who: Identity, params: Readonly<Record<string, string>>, payload: unknown): Refused | undefined {
  const { id, jid } = payload as v.InferOutput<typeof Return.payload>;
  if (id !== who.id) return refuse('acl', `${who.id} may not send returns of ${id}`);
  if (jid !== undefined && jid !== params.jid) return refuse('schema', `the payload's jid ${jid} is not the topic's`);
  return undefined;
}

function refuse(reason: Refused['reason'], message: string): Refused {
  return { reason, message };
}
