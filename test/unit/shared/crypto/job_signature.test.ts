import { createHmac, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  keyId,
  macJob,
  type SignedKind,
  signJob,
  verifyJob,
  verifyMac,
} from '../../../../shared/crypto/job_signature.ts';
import {
  decodeBody,
  type Encoding,
  encodePayload,
  openPayload,
  type Payload,
} from '../../../../shared/protocol/codec.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const kid = keyId(publicKey);
const job = { jid: '20261122093047146206', fun: 'test.ping', exp: 1795426252 };
const encodings: readonly Encoding[] = ['cbor', 'json'];

const keyOf = (wanted: string): KeyObject | undefined => (wanted === kid ? publicKey : undefined);
/** Resolves to what was signed. */
const opened = async (bytes: Uint8Array, id: string, key = keyOf, kind?: SignedKind): Promise<Payload> => {
  const payload = openPayload(bytes);
  await verifyJob(payload, id, key, kind);
  return payload;
};
const signFor = (id: string, encoding: Encoding): Promise<Uint8Array> =>
  signJob({ payload: encodePayload(job, encoding), encoding, id, kid, privateKey });
const refusal = (message: RegExp): unknown =>
  expect.objectContaining({ code: 'SIGNATURE_INVALID', message: expect.stringMatching(message) });

test.each(encodings)('a job signed as %s comes out as it went in', async (encoding) => {
  const payload = await opened(await signFor('m1', encoding), 'm1', keyOf);
  expect(payload).toMatchObject({ encoding, signature: { kid } });
  expect(decodeBody(payload)).toEqual(job);
});

test.each(encodings)('a job signed as %s for one minion is refused by another', async (encoding) => {
  const bytes = await signFor('m1', encoding);
  await expect(opened(bytes, 'm2', keyOf)).rejects.toThrow(refusal(/not one of this job for m2/));
});

test.each(encodings)('an unsigned %s job is refused', async (encoding) => {
  await expect(opened(encodePayload(job, encoding), 'm1', keyOf)).rejects.toThrow(refusal(/not signed/));
});

test.each(encodings)('a %s job signed by an unknown key is refused', async (encoding) => {
  const bytes = await signFor('m1', encoding);
  await expect(opened(bytes, 'm1', () => undefined)).rejects.toThrow(refusal(new RegExp(`no key ${kid}`)));
});

test.each(encodings)('a %s job signed by another key under the same name is refused', async (encoding) => {
  const bytes = await signFor('m1', encoding);
  const other = generateKeyPairSync('ed25519').publicKey;
  await expect(opened(bytes, 'm1', () => other)).rejects.toThrow(refusal(/signature by key/));
});

test('a signature of another length is refused', async () => {
  const bytes = Buffer.from(await signFor('m1', 'json'));
  await expect(opened(bytes.subarray(0, -8), 'm1', keyOf)).rejects.toThrow(refusal(/signature by key/));
});

test('no single changed bit of a CBOR job passes', async () => {
  const bytes = await signFor('m1', 'cbor');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await expect(opened(changed, 'm1', keyOf), `bit ${bit}`).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(SIGNATURE|MESSAGE)_INVALID$/) }),
    );
  }
});

test('a JSON job can be checked with a few lines and without our code', async () => {
  const [text = '', signature = ''] = Buffer.from(await signFor('m1', 'json'))
    .toString()
    .split('\t');
  const [name, value = ''] = signature.split('.');
  expect(JSON.parse(text)).toEqual(job);
  expect(name).toBe(kid);
  expect(verify(null, Buffer.from(`salt-job-v1\0m1\0${text}`), publicKey, Buffer.from(value, 'base64url'))).toBe(true);
});

test.each(encodings)(
  'a %s job and what is said about it are signed apart: none passes for the other',
  async (encoding) => {
    const how = { payload: encodePayload(job, encoding), encoding, id: 'm1', kid, privateKey };
    const control = await signJob({ ...how, kind: 'ctl' });
    expect(decodeBody(await opened(control, 'm1', keyOf, 'ctl'))).toEqual(job);
    await expect(opened(control, 'm1', keyOf)).rejects.toThrow(refusal(/not one of this job for m1/));
    const asJob = await signJob(how);
    await expect(opened(asJob, 'm1', keyOf, 'ctl')).rejects.toThrow(
      refusal(/not one of this message about a job for m1/),
    );
  },
);

test('an HMAC is half a SHA-256 digest over the domain, the minion and the bytes before the TAB', () => {
  const key = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  const [text = '', envelope] = Buffer.from(macJob(encodePayload(job, 'json'), 'led1', key))
    .toString()
    .split('\t');
  const digest = createHmac('sha256', key).update(`salt-job-v1\0led1\0${text}`).digest();
  expect(JSON.parse(text)).toEqual(job);
  expect(envelope).toBe(`h.${digest.subarray(0, 16).toString('base64url')}`);
});

test('an HMAC is of one key, one minion, one kind and these bytes', () => {
  const key = Buffer.alloc(16, 1);
  const bytes = macJob(encodePayload(job, 'json'), 'm1', key);
  expect(decodeBody(verifyMac(bytes, 'm1', key))).toEqual(job);
  const other = refusal(/the HMAC is not one of this/);
  expect(() => verifyMac(bytes, 'm2', key)).toThrow(other);
  expect(() => verifyMac(bytes, 'm1', Buffer.alloc(16, 2))).toThrow(other);
  expect(() => verifyMac(bytes, 'm1', key, 'ctl')).toThrow(other);
  expect(() => verifyMac(encodePayload(job, 'json'), 'm1', key)).toThrow(refusal(/the job is not signed/));
  const changed = Buffer.from(Buffer.from(bytes).toString().replace('test.ping', 'test.pong'));
  expect(() => verifyMac(changed, 'm1', key)).toThrow(other);
});

test('a signature by Ed25519 is no HMAC', async () => {
  const bytes = await signFor('m1', 'json');
  expect(() => verifyMac(bytes, 'm1', Buffer.alloc(16))).toThrow(refusal(/the HMAC is not one of this job for m1/));
});
