import * as v from 'valibot';
import type { SignedKind } from '../crypto/job_signature.ts';
import { FleetError } from '../errors.ts';
import { decodePayload, type Encoding, encodePayload } from './codec.ts';
import { formatTopic, parseTopic, type TopicParams } from './topic.ts';

/** `unenrolled`: a TLS client without a certificate, known by its key's fingerprint alone. `local`: a loopback client.
 * `observer`: sees what all operators may see, and says nothing. */
export type Role = 'master' | 'minion' | 'operator' | 'observer' | 'unenrolled' | 'local';

/** One side of a message. `self` names the topic parameter that must equal the client's own id. */
export interface Party<T extends string> {
  readonly role: Role;
  readonly self?: keyof TopicParams<T> & string;
}

type PayloadSchema = v.GenericSchema;

export interface MessageSpec<T extends string, S extends PayloadSchema> {
  readonly name: string;
  readonly topic: T;
  readonly summary: string;
  readonly from: readonly Party<T>[];
  readonly to: readonly Party<T>[];
  /** What we publish with; a minion of little means may use 0 where `qosLow` is set. */
  readonly qos: 0 | 1;
  readonly qosLow?: true;
  readonly retain?: true;
  /** PUBACK goes out when the master has it on disk, and not before. */
  readonly stored?: true;
  /** Signed by the master for one minion, as what. */
  readonly signed?: SignedKind;
  /** The bytes are content, not a value: blocks of files, parts of returns. */
  readonly raw?: true;
  /** Why nobody may publish this with these topic parameters, or undefined. */
  forbids?(params: TopicParams<T>): string | undefined;
  readonly payload: S;
  /** Documentation and test vector in one. */
  readonly example: { readonly params: TopicParams<T>; readonly payload: v.InferInput<S> };
}

export interface Packet {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** One kind of message: topic, schema, delivery and access rule in one place, so that both sides cannot disagree. */
export function defineMessage<const T extends string, S extends PayloadSchema>(spec: MessageSpec<T, S>) {
  return {
    ...spec,
    encode(params: TopicParams<T>, payload: v.InferInput<S>, encoding: Encoding = 'cbor'): Packet {
      return {
        topic: formatTopic(spec.topic, params),
        payload: spec.raw ? (payload as Uint8Array) : encodePayload(payload, encoding),
        qos: spec.qos,
        retain: spec.retain ?? false,
      };
    },
    params: (topic: string): TopicParams<T> | undefined => parseTopic(spec.topic, topic),
    /** Throws MESSAGE_INVALID with the path of the wrong member. */
    check(value: unknown): v.InferOutput<S> {
      return checkValue(spec.payload, value, spec.name);
    },
    /** Undefined when the topic is of another kind; throws MESSAGE_INVALID when only the payload is wrong. */
    decode(topic: string, bytes: Uint8Array): { params: TopicParams<T>; payload: v.InferOutput<S> } | undefined {
      const params = parseTopic(spec.topic, topic);
      if (params === undefined) return undefined;
      return { params, payload: checkValue(spec.payload, spec.raw ? bytes : decodePayload(bytes), spec.name) };
    },
  };
}

export type Message<T extends string, S extends PayloadSchema> = ReturnType<typeof defineMessage<T, S>>;

/** A message of any kind, as the table and the access rules see it. */
export interface AnyMessage {
  readonly name: string;
  readonly topic: string;
  readonly summary: string;
  readonly from: readonly { readonly role: Role; readonly self?: string }[];
  readonly to: readonly { readonly role: Role; readonly self?: string }[];
  readonly qos: 0 | 1;
  readonly qosLow?: true;
  readonly retain?: true;
  readonly stored?: true;
  readonly signed?: SignedKind;
  readonly raw?: true;
  readonly payload: PayloadSchema;
  readonly example: { readonly params: Readonly<Record<string, string>>; readonly payload: unknown };
  forbids?(params: Readonly<Record<string, string>>): string | undefined;
  check(value: unknown): unknown;
}

/** Parses with a message that names the wrong member, not the schema's inner words. Throws MESSAGE_INVALID. */
export function checkValue<S extends PayloadSchema>(schema: S, value: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortPipeEarly: true, abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new FleetError('MESSAGE_INVALID', `${what}: ${path === null ? '' : `${path}: `}${issue.message}`);
}
