import { expect, test } from 'vitest';
import { createMine } from '../../../../master/mine/mine.ts';
import { createRequestService } from '../../../../master/requests/answer_requests.ts';
import type { RequestContext } from '../../../../master/requests/request.ts';
import type { Fingerprint } from '../../../../shared/ids.ts';
import { createLogger } from '../../../../shared/log.ts';
import { decodePayload } from '../../../../shared/protocol/codec.ts';
import type { Packet } from '../../../../shared/protocol/message.ts';
import { Inbox } from '../../../integration/broker/inbox.ts';
import { createTestFleet } from '../../../support/create_test_fleet.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { createMemoryStore } from '../../../support/memory_store.ts';
import { START_AT } from '../../../support/sample_job.ts';

function setUp(overrides: Partial<RequestContext> = {}, openMax = 2) {
  const clock = fakeClock();
  const answers = new Inbox<{ id: string; topic: string; payload: Uint8Array }>();
  const logged: string[] = [];
  const fleet = createTestFleet({ acceptedIds: () => ['m1', 'm2'], clock });
  const context = {
    authority: { kid: 'c0ffee12', told: () => ({ signing_certs: ['PEM'] }) },
    fleet,
    mine: createMine({ store: createMemoryStore(), clock, bytesMax: 2 ** 20 }),
    config: { peer: {}, peer_run: {} },
    clock,
    send: (id: string, { topic, payload }: Packet) => void answers.push({ id, topic, payload }),
    ...overrides,
  } as unknown as RequestContext;
  const ask = createRequestService({
    context,
    openMax,
    log: createLogger([{ level: 'error', format: 'text', write: (line) => logged.push(line) }], () => 0),
  });
  const full = { v: 1, max_packet: 262_144, window: 4, enc: 'json', sig: 'ed25519' } as const;
  for (const id of ['m1', 'm2']) fleet.setInfo(id, full);
  let count = 0;
  /** The answer to a question, decoded. */
  const answerTo = async (id: string, verb: string, payload: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const c = `x${++count}`;
    ask(id, verb, { c, ...payload });
    const found = await answers.waitFor(({ topic }) => topic === `salt/job/${id}/rsp/${c}`);
    expect(found.id).toBe(id);
    return decodePayload(found.payload);
  };
  return { ask, answers, answerTo, fleet, logged };
}

test("hello is answered with the master's time and signing keys", async () => {
  const { answerTo } = setUp();
  expect(await answerTo('m1', 'hello', { time: 1 })).toEqual({
    value: { time: START_AT, version: 1, kid: 'c0ffee12', signing_certs: ['PEM'] },
  });
});

interface Revocable {
  readonly allowed?: boolean;
  readonly state?: 'accepted' | 'unaccepted';
}

function revocable({ allowed = true, state = 'accepted' }: Revocable = {}) {
  const clock = fakeClock();
  const deleted: unknown[] = [];
  let fingerprint = 'aa' as Fingerprint;
  const keys: RequestContext['keys'] = {
    get: (id) => [{ id, state, fingerprint, pem: '' }],
    async delete(globs, how) {
      deleted.push([globs, how]);
      return { accepted: [], unaccepted: [], rejected: [], denied: [] };
    },
  };
  const config = { peer: {}, peer_run: {}, allow_minion_key_revoke: allowed };
  const replaceKey = () => {
    fingerprint = 'bb' as Fingerprint;
  };
  return { ...setUp({ clock, keys, config }), clock, deleted, replaceKey };
}

test('a minion has its key deleted, when there was time for its return', async () => {
  const { answerTo, clock, deleted } = revocable();
  expect(await answerTo('m1', 'revoke', {})).toEqual({ value: true });
  expect(deleted).toEqual([]);
  clock.advance(3000);
  expect(deleted).toEqual([[['m1'], { keepsCache: false }]]);
});

test('what a minion told of itself is kept when it asks for that', async () => {
  const { answerTo, clock, deleted } = revocable();
  await answerTo('m1', 'revoke', { preserve_minion_cache: true });
  clock.advance(3000);
  expect(deleted).toEqual([[['m1'], { keepsCache: true }]]);
});

test('a key that took the place of the revoked one meanwhile stays', async () => {
  const { answerTo, clock, deleted, replaceKey } = revocable();
  await answerTo('m1', 'revoke', {});
  replaceKey();
  clock.advance(3000);
  expect(deleted).toEqual([]);
});

test.each<[string, Revocable, string]>([
  ['allow_minion_key_revoke is False', { allowed: false }, 'minion m1 may not revoke its key'],
  ['it has none that is accepted', { state: 'unaccepted' }, 'there is no key of m1 that could be revoked'],
])('a minion cannot have its key deleted when %s', async (_case, how, message) => {
  const { answerTo, clock, deleted } = revocable(how);
  expect(await answerTo('m1', 'revoke', {})).toMatchObject({ error: { code: 'NOT_PERMITTED', message } });
  clock.advance(60_000);
  expect(deleted).toEqual([]);
});

test('a minion whose key is not accepted any more gets no other certificate', async () => {
  const { answerTo } = revocable({ state: 'unaccepted' });
  expect(await answerTo('m1', 'renew', {})).toMatchObject({
    error: { code: 'NOT_PERMITTED', message: 'the key of m1 is not accepted' },
  });
});

test('a question of a kind that the master does not answer, or of the wrong shape, is answered with why', async () => {
  const { answerTo } = setUp();
  expect(await answerTo('m1', 'pillar', {})).toMatchObject({ error: { code: 'FUNCTION_UNKNOWN' } });
  expect(await answerTo('m1', 'mine', { op: 'steal' })).toMatchObject({
    error: { code: 'MESSAGE_INVALID', message: expect.stringContaining('request mine') },
  });
});

test('a minion tells its own mine, whatever it says, and another one reads it', async () => {
  const { answerTo } = setUp();
  const items = { ip: { value: '10.0.0.1' }, secret: { value: 1, allow_tgt: 'm9' } };
  expect(await answerTo('m1', 'mine', { op: 'update', id: 'm2', items, unchanged: ['old'] })).toEqual({
    value: ['old'],
  });
  const get = { op: 'get', tgt: '*', names: ['ip', 'secret'] };
  expect(await answerTo('m2', 'mine', get)).toEqual({ value: { ip: { m1: '10.0.0.1' }, secret: {} } });
  expect(await answerTo('m1', 'mine', { ...get, exclude_minion: true })).toEqual({ value: { ip: {}, secret: {} } });
  expect(await answerTo('m2', 'mine', { op: 'delete', names: ['ip'] })).toEqual({ value: null });
  expect(await answerTo('m2', 'mine', { op: 'get', tgt: 'm1', names: ['ip'] })).toEqual({
    value: { ip: { m1: '10.0.0.1' } },
  });
  await answerTo('m1', 'mine', { op: 'flush' });
  expect(await answerTo('m2', 'mine', { op: 'get', tgt: 'm1', names: ['ip'] })).toEqual({ value: { ip: {} } });
});

test('an answer that the minion cannot take says so instead', async () => {
  const { answerTo, fleet } = setUp();
  await answerTo('m1', 'mine', { op: 'update', items: { big: { value: 'x'.repeat(1000) } } });
  fleet.setInfo('m2', { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'ed25519' });
  expect(await answerTo('m2', 'mine', { op: 'get', tgt: 'm1', names: ['big'] })).toMatchObject({
    error: { code: 'LIMIT_EXCEEDED', message: expect.stringContaining('m2 takes 256 (max_packet)') },
  });
});

test('a minion that asks too much at a time is told, and others are answered', async () => {
  let release: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  const mine = { read: () => slow, update: async () => [] } as unknown as RequestContext['mine'];
  const { ask, answers, answerTo } = setUp({ mine });
  const get = { op: 'get', tgt: '*', names: ['ip'] };
  ask('m1', 'mine', { c: 'a', ...get });
  ask('m1', 'mine', { c: 'b', ...get });
  expect(await answerTo('m1', 'hello', {})).toMatchObject({ error: { code: 'LIMIT_EXCEEDED' } });
  expect(await answerTo('m2', 'hello', {})).toMatchObject({ value: { version: 1 } });
  release();
  await answers.waitFor(({ topic }) => topic.endsWith('/b'));
  expect(await answerTo('m1', 'hello', {})).toMatchObject({ value: { version: 1 } });
});

test('a bug in an answer is logged and answered', async () => {
  const mine = {
    update() {
      throw new TypeError('x is not a function');
    },
  } as unknown as RequestContext['mine'];
  const { answerTo, logged } = setUp({ mine });
  expect(await answerTo('m1', 'mine', { op: 'update' })).toMatchObject({ error: { code: 'MODULE_CRASHED' } });
  expect(logged.join()).toContain('looks like a bug');
});

test('a minion that no rule names may neither publish to its peers nor call runners', async () => {
  const { answerTo } = setUp();
  expect(await answerTo('m1', 'publish', { op: 'publish', tgt: '*', fun: 'test.ping', timeout: 5 })).toMatchObject({
    error: {
      code: 'NOT_PERMITTED',
      message: 'minion m1 may not publish test.ping',
      hint: expect.stringMatching(/peer/),
    },
  });
  expect(await answerTo('m1', 'publish', { op: 'runner', fun: 'manage.up' })).toMatchObject({
    error: { code: 'NOT_PERMITTED', hint: expect.stringMatching(/peer_run/) },
  });
});
