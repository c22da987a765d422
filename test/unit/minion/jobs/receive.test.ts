import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createJobTable } from '../../../../minion/jobs/job_table.ts';
import { type Ledger, openLedger } from '../../../../minion/jobs/ledger.ts';
import { createReceiver, type ReceiverOptions } from '../../../../minion/jobs/receive.ts';
import { keyId, type SignedKind, signJob } from '../../../../shared/crypto/job_signature.ts';
import { createLogger, silentLogger } from '../../../../shared/log.ts';
import { type Encoding, encodePayload } from '../../../../shared/protocol/codec.ts';
import { JobControl, type JobControlPayload, type JobPayload } from '../../../../shared/protocol/messages/job.ts';
import type { AckPayload } from '../../../../shared/protocol/messages/return.ts';

const NOW = 1_000_000;
const JID = '20260101000000000001';
const master = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const sample: JobPayload = { jid: JID, fun: 'test.ping', exp: NOW + 5, tgt: '*', tgt_type: 'glob', user: 'root' };

let directory: string;
let ledger: Ledger;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-receive-'));
  ledger = await openLedger(join(directory, 'ledger'), () => NOW, silentLogger);
});
afterEach(async () => {
  await ledger.close();
  await rm(directory, { recursive: true, force: true });
});

function setUp(overrides: Partial<ReceiverOptions> = {}) {
  const acks: [string, AckPayload][] = [];
  const ran: JobPayload[] = [];
  const resent: string[] = [];
  const cancelled: string[] = [];
  const asked: string[] = [];
  const others: string[] = [];
  const logged: string[] = [];
  const killed: [number, number][] = [];
  const table = createJobTable((pid, signal) => killed.push([pid, signal]), 1);
  const receive = createReceiver({
    id: 'm1',
    grains: () => ({ os: 'Debian' }),
    ledger,
    table,
    log: createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], () => 0),
    signingKey: (kid) => (kid === keyId(master.publicKey) ? master.publicKey : undefined),
    masterNow: () => NOW,
    knowsMasterTime: () => true,
    isMasterTimeSure: () => true,
    acknowledge: (jid, ack) => acks.push([jid, ack]),
    held: () => undefined,
    busy: () => undefined,
    run: (job) => ran.push(job),
    cancel: (jid) => cancelled.push(jid),
    resend: (jid) => resent.push(jid),
    askAgain: async () => void asked.push('keys'),
    other: (topic) => others.push(topic),
    ...overrides,
  });
  const deliver = async (
    members: Partial<JobPayload> = {},
    { id = 'm1', keys = master, encoding = 'cbor' as Encoding, retain = false } = {},
  ): Promise<void> => receive('salt/job/m1', await signed({ ...sample, ...members }, id, keys, encoding), retain);
  const control = async (
    members: Partial<JobControlPayload> = {},
    { id = 'm1', keys = master, encoding = 'cbor' as Encoding, retain = false, kind = 'ctl' as SignedKind } = {},
  ): Promise<void> => {
    const payload = encodePayload(JobControl.check({ op: 'cancel', jid: JID, exp: NOW + 60, ...members }), encoding);
    const { privateKey, publicKey } = keys;
    const bytes = await signJob({ payload, encoding, id, kid: keyId(publicKey), privateKey, kind });
    await receive('salt/job/m1/ctl', bytes, retain);
  };
  return { receive, deliver, control, cancelled, resent, acks, ran, asked, others, logged, killed, table };
}

function signed(
  job: JobPayload,
  id: string,
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
  encoding: Encoding,
): Promise<Uint8Array> {
  return signJob({ payload: encodePayload(job, encoding), encoding, id, kid: keyId(publicKey), privateKey });
}

test('a job is in the ledger before it is acknowledged and run', async () => {
  const seen: boolean[] = [];
  const { deliver, ran, acks } = setUp({ run: ({ jid }) => void seen.push(ledger.has(jid)) });
  await deliver();
  expect([seen, acks, ran]).toEqual([[true], [], []]);
});

test('what is signed, but not in the encoding that the master was told, is refused', async () => {
  const { deliver, control, ran, cancelled, acks } = setUp();
  await deliver({}, { encoding: 'json' });
  await control({}, { encoding: 'json' });
  expect([ran, cancelled, acks]).toEqual([
    [],
    [],
    [
      [JID, { st: 'rej', reason: 'signature: it is signed as json, and this minion takes cbor' }],
      [JID, { st: 'ctl', reason: 'cancel: signature: it is signed as json, and this minion takes cbor' }],
    ],
  ]);
});

test('a job comes with all that the master sent', async () => {
  const { deliver, ran } = setUp();
  await deliver({ arg: ['x'], kwarg: { a: 1 } });
  expect(ran).toEqual([{ ...sample, arg: ['x'], kwarg: { a: 1 } }]);
});

test('a repeat is never run again: it is said to run, or its return is on its way', async () => {
  const { deliver, ran, acks, table } = setUp();
  await deliver();
  await deliver();
  expect([ran.length, acks]).toEqual([1, []]);
  table.start(sample);
  await deliver();
  expect([ran.length, acks]).toEqual([1, [[JID, { st: 'run' }]]]);
  await ledger.close();
  ledger = await openLedger(join(directory, 'ledger'), () => NOW, silentLogger);
  const restarted = setUp();
  await restarted.deliver();
  expect(restarted.ran).toEqual([]);
});

test('a job that expired is refused', async () => {
  const { deliver, ran, acks } = setUp();
  await deliver({ exp: NOW });
  expect(acks).toEqual([[JID, { st: 'rej', expired: true, reason: 'expired 0 s before it reached the minion' }]]);
  expect([ran, ledger.has(JID)]).toEqual([[], false]);
});

test('a job that seems expired by a time that may be wrong is handed back, and the master is asked', async () => {
  let isSure = false;
  const { deliver, ran, acks, asked } = setUp({ isMasterTimeSure: () => isSure });
  await deliver({ exp: NOW - 3600 });
  expect(acks).toMatchObject([[JID, { st: 'busy', reason: expect.stringContaining('the time of the master') }]]);
  expect([ran, asked]).toEqual([[], ['keys']]);
  isSure = true;
  await deliver({ exp: NOW - 3600 });
  expect([acks[1], asked]).toMatchObject([[JID, { st: 'rej', expired: true }], ['keys']]);
});

test('a job whose target is not this minion is refused', async () => {
  const { deliver, ran, acks } = setUp();
  await deliver({ tgt: 'web*' });
  await deliver({ tgt: ['m2', 'm3'], tgt_type: 'list' });
  expect(acks).toEqual(Array(2).fill([JID, { st: 'rej', reason: 'the target does not match this minion' }]));
  expect(ran).toEqual([]);
});

test('a job without a target is taken: constrained minions get none', async () => {
  const { receive, ran } = setUp();
  const { tgt: _tgt, tgt_type: _type, ...modest } = sample;
  await receive('salt/job/m1', await signed(modest, 'm1', master, 'cbor'), false);
  expect(ran).toEqual([modest]);
});

test('a job that was signed for another minion is refused', async () => {
  const { deliver, ran, acks } = setUp();
  await deliver({}, { id: 'm2' });
  expect(acks).toMatchObject([[JID, { st: 'rej', reason: expect.stringMatching(/^signature: .* for m1$/) }]]);
  expect(ran).toEqual([]);
});

test.each(['cbor', 'json'] as const)('a job that is not signed is refused (%s)', async (encoding) => {
  const { receive, ran, acks } = setUp();
  await receive('salt/job/m1', encodePayload(sample, encoding), false);
  expect(acks).toEqual([[JID, { st: 'rej', reason: 'signature: the job is not signed' }]]);
  expect(ran).toEqual([]);
});

test('a job that was changed after it was signed is refused', async () => {
  const { receive, ran, acks } = setUp();
  const bytes = Buffer.from(await signed(sample, 'm1', master, 'cbor'));
  const changed = Buffer.from(bytes.toString('latin1').replace('test.ping', 'test.pong'), 'latin1');
  await receive('salt/job/m1', changed, false);
  expect(acks).toMatchObject([[JID, { st: 'rej' }]]);
  expect(ran).toEqual([]);
});

test('jobs by a key that is not known are handed back until the master has answered, which is asked once', async () => {
  let answer: () => void = () => undefined;
  const { deliver, acks, asked } = setUp({
    askAgain: () => {
      asked.push('keys');
      return new Promise((resolve) => (answer = resolve));
    },
  });
  await deliver({}, { keys: stranger });
  await deliver({}, { keys: generateKeyPairSync('ed25519') });
  answer();
  await new Promise(setImmediate);
  await deliver({}, { keys: stranger });
  expect([acks.map(([, { st }]) => st), asked]).toEqual([['busy', 'busy', 'rej'], ['keys']]);
});

test('a job by a key that is not known is handed back once while the keys are asked for, then refused', async () => {
  const { deliver, ran, acks, asked } = setUp();
  const kid = keyId(stranger.publicKey);
  await deliver({}, { keys: stranger });
  expect([acks, asked]).toEqual([[[JID, { st: 'busy', reason: `signing key ${kid} is not known yet` }]], ['keys']]);
  await deliver({}, { keys: stranger });
  expect(acks[1]).toEqual([JID, { st: 'rej', reason: `signature: no key ${kid}` }]);
  expect([ran, asked, ledger.has(JID)]).toEqual([[], ['keys'], false]);
});

test('a job by a key that came meanwhile is taken', async () => {
  let known: KeyObject | undefined;
  const { deliver, ran } = setUp({ signingKey: () => known });
  await deliver();
  known = master.publicKey;
  await deliver();
  expect(ran).toHaveLength(1);
});

test('a job that cannot be taken now is handed back with the reason', async () => {
  const { deliver, ran, acks } = setUp({ busy: () => 'the outbox is full' });
  await deliver();
  expect(acks).toEqual([[JID, { st: 'busy', reason: 'the outbox is full' }]]);
  expect([ran, ledger.has(JID)]).toEqual([[], false]);
});

test('a job that was retained is ignored', async () => {
  const { deliver, ran, acks, logged } = setUp();
  await deliver({}, { retain: true });
  expect([ran, acks]).toEqual([[], []]);
  expect(logged.join()).toContain('retained');
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['no JSON', Buffer.from('{"jid":')],
  ['no job', encodePayload({ hello: 1 }, 'cbor')],
  ['a broken envelope', Buffer.from([0xd2, 0x84, 0x43])],
])('%s is logged and hurts nobody', async (_what, bytes) => {
  const { receive, deliver, ran, logged } = setUp();
  await receive('salt/job/m1', bytes, false);
  expect(logged.join()).toContain('a message was refused');
  await deliver();
  expect(ran).toHaveLength(1);
});

test('a ledger that cannot be written is no reason to run', async () => {
  const { deliver, ran, acks } = setUp();
  await ledger.close();
  await deliver().catch(() => undefined);
  expect(acks.map(([, { st }]) => st)).not.toContain('run');
  expect(ran).toEqual([]);
  ledger = await openLedger(join(directory, 'ledger'), () => NOW, silentLogger);
});

test('the master may cancel a job that runs, and ask whether it does', async () => {
  const { control, acks, cancelled, table } = setUp();
  await control({ op: 'probe' });
  expect(acks).toEqual([]);
  table.start(sample);
  await control({ op: 'probe' });
  expect(acks).toEqual([[JID, { st: 'run' }]]);
  await control();
  expect(cancelled).toEqual([JID]);
});

test.each([
  ['was signed for another minion', {}, { id: 'm2' }, /^cancel: signature: .* for m1$/],
  ['was signed by another key under a name that is not known', {}, { keys: stranger }, /^cancel: signature: no key /],
  ['was signed as a job', {}, { kind: 'job' }, /^cancel: signature: .* not one of this message about a job/],
  ['came too late', { exp: NOW }, {}, /^cancel: expired 0 s before it reached the minion$/],
] as const)('a message about a job that %s is refused, and the master is told', async (_what, members, how, reason) => {
  const { control, acks, cancelled, logged } = setUp();
  await control(members, how);
  await new Promise(setImmediate);
  expect([acks, cancelled]).toMatchObject([[[JID, { st: 'ctl', reason: expect.stringMatching(reason) }]], []]);
  expect(logged.join()).toMatch('a message about a job was refused');
});

test.each(['cbor', 'json'] as const)('an unsigned message about a job is refused (%s)', async (encoding) => {
  const { receive, acks, cancelled } = setUp();
  const { topic, payload } = JobControl.encode({ id: 'm1' }, { op: 'cancel', jid: JID, exp: NOW + 60 }, encoding);
  await receive(topic, payload, false);
  expect(acks).toEqual([[JID, { st: 'ctl', reason: 'cancel: signature: the message about a job is not signed' }]]);
  expect(cancelled).toEqual([]);
});

test('a job that was signed as a message about one is refused', async () => {
  const { receive, ran, acks } = setUp();
  const { privateKey, publicKey } = master;
  const payload = encodePayload({ ...sample, op: 'cancel' }, 'cbor');
  const how = { payload, encoding: 'cbor', id: 'm1', kid: keyId(publicKey), privateKey } as const;
  await receive('salt/job/m1', await signJob({ ...how, kind: 'ctl' }), false);
  expect([ran, acks]).toMatchObject([[], [[JID, { st: 'rej' }]]]);
});

test('a message about a job that was retained is ignored', async () => {
  const { control, acks, cancelled, logged } = setUp();
  await control({}, { retain: true });
  expect([acks, cancelled]).toEqual([[], []]);
  expect(logged.join()).toContain('retained');
});

test('without the time of the master, what it says of a job is taken', async () => {
  const { control, cancelled } = setUp({ knowsMasterTime: () => false, isMasterTimeSure: () => false });
  await control({ exp: NOW - 3600 });
  await vi.waitFor(() => expect(cancelled).toEqual([JID]));
});

test('what seems late by a time that may be wrong is judged when the master has told its time', async () => {
  let now = NOW + 3600;
  const { control, cancelled, acks } = setUp({
    masterNow: () => now,
    isMasterTimeSure: () => false,
    askAgain: async () => {
      now = NOW;
    },
  });
  await control();
  await vi.waitFor(() => expect([cancelled, acks]).toEqual([[JID], []]));
});

test('what is signed by a key that is not known yet is taken when the master has told it', async () => {
  let keys = [master];
  let answer: () => void = () => undefined;
  const { control, cancelled, acks } = setUp({
    signingKey: (kid) => keys.find(({ publicKey }) => kid === keyId(publicKey))?.publicKey,
    askAgain: () => new Promise((resolve) => (answer = resolve)),
  });
  await control({}, { keys: stranger });
  expect([cancelled, acks]).toEqual([[], []]);
  keys = [master, stranger];
  answer();
  await vi.waitFor(() => expect(cancelled).toEqual([JID]));
  expect(acks).toEqual([]);
});

test('all else below the topic is for others', async () => {
  const { receive, others } = setUp();
  await receive('salt/job/m1/rsp/x7', Buffer.from('{}'), false);
  expect(others).toEqual(['salt/job/m1/rsp/x7']);
});

test('a return that the master asks for again is sent again', async () => {
  const { control, resent } = setUp();
  await control({ op: 'resend' });
  expect(resent).toEqual([JID]);
});

test('a held minion rejects jobs with the text of the hold file, and remembers none of them', async () => {
  let held: string | undefined = 'held: disk is being replaced';
  const { deliver, ran, acks } = setUp({ held: () => held });
  await deliver();
  expect([ran, acks, ledger.has(JID)]).toEqual([
    [],
    [[JID, { st: 'rej', reason: 'held: disk is being replaced' }]],
    false,
  ]);
  held = undefined;
  await deliver();
  expect(ran.length).toBe(1);
});
