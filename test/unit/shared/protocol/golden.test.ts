import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyId, macJob, signJob } from '../../../../shared/crypto/job_signature.ts';
import { decodePayload, encodePayload } from '../../../../shared/protocol/codec.ts';
import type { AnyMessage } from '../../../../shared/protocol/message.ts';
import { messageTable } from '../../../../shared/protocol/message_table.ts';
import { formatTopic } from '../../../../shared/protocol/topic.ts';
import { expectGolden } from '../../../support/golden.ts';

/** Frozen: a changed file is a changed wire. `UPDATE_GOLDEN=1` writes them anew. */
interface Vector {
  readonly topic: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** One line, as constrained minions and observers see it. */
  readonly json?: string;
  /** Hex, as full minions send it; of a block the bytes themselves. */
  readonly cbor?: string;
  readonly raw?: string;
}

const folder = new URL('../../../golden/protocol/', import.meta.url);
const isUpdate = process.env.UPDATE_GOLDEN === '1';

const fileName = (name: string): string => `${name.replaceAll(/\W+/g, '_')}.json`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function vectorOf(message: AnyMessage): Vector {
  const { params, payload } = message.example;
  const head = { topic: formatTopic(message.topic, params), qos: message.qos, retain: message.retain ?? false };
  if (message.raw) return { ...head, raw: hex(payload as Uint8Array) };
  return {
    ...head,
    json: Buffer.from(encodePayload(payload, 'json')).toString(),
    cbor: hex(encodePayload(payload, 'cbor')),
  };
}

const fileOf = (name: string): URL => new URL(fileName(name), folder);
const readVector = (name: string): Vector => JSON.parse(readFileSync(fileOf(name), 'utf8')) as Vector;
const named = (messages: readonly AnyMessage[]) => messages.map((message) => [message.name, message] as const);

test.each(named(messageTable))('the message %s is written to the wire byte for byte as it was', (name, message) => {
  const vector = vectorOf(message);
  if (isUpdate) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(fileOf(name), `${JSON.stringify(vector, undefined, 2)}\n`);
  }
  expect(vector).toEqual(readVector(name));
});

test.each(named(messageTable.filter(({ raw }) => !raw)))(
  'the message %s is read from the frozen bytes as its example, in both encodings',
  (name, message) => {
    const { json = '', cbor = '' } = readVector(name);
    const expected = message.check(message.example.payload);
    expect(message.check(decodePayload(Buffer.from(json)))).toEqual(expected);
    expect(message.check(decodePayload(Buffer.from(cbor, 'hex')))).toEqual(expected);
  },
);

/** RFC 8032 §7.1, test 1; before it the head of PKCS#8 (RFC 8410 §7). */
const privateKey = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
});
const hmacKey = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

test.each(named(messageTable.filter(({ signed }) => signed)))(
  'the message %s is signed byte for byte as it was, in each form that there is',
  async (name, { signed: kind = 'job', example }) => {
    const { id = '' } = example.params;
    const kid = keyId(createPublicKey(privateKey));
    const sign = (encoding: 'cbor' | 'json') =>
      signJob({ payload: encodePayload(example.payload, encoding), encoding, id, kid, privateKey, kind });
    const vector = {
      id,
      hmac_key: hex(hmacKey),
      public_key: createPublicKey(privateKey).export({ format: 'jwk' }).x,
      cbor: hex(await sign('cbor')),
      json: Buffer.from(await sign('json')).toString(),
      hmac: Buffer.from(macJob(encodePayload(example.payload, 'json'), id, hmacKey, kind)).toString(),
    };
    expectGolden(`signed/${fileName(name)}`, JSON.stringify(vector, undefined, 2));
  },
);

test('no vector is left of a message that is gone', () => {
  expect(readdirSync(folder).sort()).toEqual(messageTable.map(({ name }) => fileName(name)).sort());
});

test('what a 256-byte device sends and takes fits its buffer', () => {
  const small = ['job', 'job control', 'response', 'return', 'ack', 'request', 'refusal'];
  for (const { name, topic, json = '' } of messageTable
    .filter((message) => small.includes(message.name))
    .map((message) => ({ name: message.name, ...vectorOf(message) }))) {
    // Fixed header (3), topic length (2), packet id (2); a signature adds TAB, kid and 86 characters.
    const bytes = 7 + topic.length + json.length + (name.startsWith('job') ? 1 + 9 + 86 : 0);
    expect(bytes, name).toBeLessThanOrEqual(256);
  }
});
