import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndedRow } from '../../../master/jobs/job_store.ts';
import { createOperatorService, type OperatorServiceOptions } from '../../../master/serve_operator.ts';
import { silentLogger } from '../../../shared/log.ts';
import type { Packet } from '../../../shared/protocol/message.ts';
import type { ReturnPayload } from '../../../shared/protocol/messages/return.ts';
import { fakeClock } from '../../support/fake_context.ts';
import { fakeMasterContext } from '../../support/fake_master_context.ts';
import { START_AT, sampleJob } from '../../support/sample_job.ts';

interface Step {
  readonly t: string;
  readonly id?: string;
  readonly state?: string;
  readonly final?: boolean;
  readonly return?: unknown;
}

const turn = (): Promise<unknown> => new Promise(setImmediate);
const idsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `n${String(n).padStart(5, '0')}`);
/** So large that a few of them are as much as goes out in one turn. */
const LARGE = 'x'.repeat(100_000);

/** A service and one job, of which operators hear; `backlog` is what waits for each by name. */
function setUp(ids: readonly string[], members: Parameters<typeof sampleJob>[0] = {}) {
  const clock = fakeClock();
  const context = fakeMasterContext({ clock }, [...ids]);
  const { tracker, jobs } = context;
  const record = sampleJob({ minions: ids, ...members });
  const { jid } = record;
  const told = new Map<string, Step[]>();
  const backlog = new Map<string, number>();
  const service = createOperatorService({
    context: () => context,
    publish({ topic, payload }: Packet) {
      const user = topic.split('/')[2] ?? '';
      const step = JSON.parse(Buffer.from(payload).toString()) as Step & { readonly steps?: readonly Step[] };
      told.set(user, [...(told.get(user) ?? []), ...(step.steps ?? [step])]);
    },
    backlogOf: (topic: string) => backlog.get(topic.split('/')[2] ?? ''),
    clock,
    log: silentLogger,
  } as unknown as OperatorServiceOptions);
  const stepsOf = (user: string): readonly Step[] => told.get(user) ?? [];
  const resultOf = (id: string, value: unknown = true): ReturnPayload => ({
    ...{ id, jid, fun: 'test.ping', fun_args: [], return: value, retcode: 0, success: true },
  });
  return {
    ...{ context, record, jid, backlog, clock, stepsOf, resultOf },
    watch: (user: string) => service(user, 'c1', { op: 'watch', jid }),
    add: (ended: ReadonlyMap<string, EndedRow> = new Map()) => tracker.add(record, ended),
    end: (id: string, value?: unknown) => tracker.commit(jid, id, 'succeed', { result: resultOf(id, value) }),
    /** A job that is over, with what each returned. */
    async addOver(value: unknown = true) {
      await jobs.addJob(record, new Map(ids.map((id) => [id, { state: 'succeeded', since: START_AT }] as const)));
      for (const id of ids) await jobs.addReturn(jid, id, resultOf(id, value));
    },
    async untilEnd(user: string, each: () => void = () => undefined) {
      while (stepsOf(user).at(-1)?.t !== 'end') {
        await turn();
        each();
      }
    },
  };
}

test('a job of many minions that is over is told little by little, each of them once', async () => {
  const ids = idsOf(5000);
  const { addOver, watch, stepsOf, untilEnd } = setUp(ids);
  await addOver();
  const counts: number[] = [];
  watch('root');
  await untilEnd('root', () => counts.push(stepsOf('root').length));
  expect(counts[0]).toBeLessThan(ids.length / 2);
  expect(stepsOf('root').flatMap(({ t, id }) => (t === 'ret' ? [id] : []))).toEqual(ids);
});

test('operators who look on at large jobs share the turns of one', async () => {
  const users = ['ann', 'bob', 'cid', 'dan'];
  const { addOver, watch, stepsOf, untilEnd } = setUp(idsOf(40));
  await addOver(LARGE);
  for (const user of users) watch(user);
  const all = (): number => users.reduce((sum, user) => sum + stepsOf(user).length, 0);
  const perTurn: number[] = [];
  let before = all();
  const count = (): void => {
    perTurn.push(all() - before);
    before = all();
  };
  for (const user of users) await untilEnd(user, count);
  // As much as goes out in a turn to one of them, and not to each.
  expect(Math.max(...perTurn.slice(1))).toBeLessThanOrEqual(4);
});

test('an operator that does not read is told no more, and nobody else waits for him', async () => {
  const { addOver, watch, stepsOf, untilEnd, backlog, clock } = setUp(idsOf(20));
  await addOver(LARGE);
  backlog.set('slow', 300 * 1024);
  watch('slow');
  watch('quick');
  await untilEnd('quick', () => clock.advance(20));
  const before = stepsOf('slow').length;
  expect(before).toBeLessThan(6);
  backlog.set('slow', 0);
  await untilEnd('slow', () => clock.advance(20));
  expect(stepsOf('slow')).toEqual(stepsOf('quick'));
});

test('what ends while an operator does not read is told to him once, with what it returned', async () => {
  const ids = idsOf(200);
  const { add, end, watch, stepsOf, untilEnd, backlog, clock, context, jid, resultOf } = setUp(ids);
  await add();
  backlog.set('slow', 300 * 1024);
  watch('slow');
  await end('n00000', LARGE.repeat(3));
  await turn();
  for (const id of ids.slice(1)) await end(id, `of ${id}`);
  // They are not kept in memory: what is told comes from the store.
  await context.jobs.addReturn(jid, 'n00199', resultOf('n00199', 'from the store'));
  expect(stepsOf('slow').length).toBeLessThan(4);
  backlog.set('slow', 0);
  await untilEnd('slow', () => clock.advance(20));
  const returns = stepsOf('slow').filter(({ t }) => t === 'ret');
  expect(returns.map(({ id }) => id)).toEqual(ids);
  expect(returns[5]?.return).toBe('of n00005');
  expect(returns.at(-1)?.return).toBe('from the store');
});

test('a part that ends while the others are told is not told as waiting after that', async () => {
  const ids = idsOf(20);
  const { add, end, watch, stepsOf, untilEnd, context, jid, resultOf } = setUp(ids, { queues_offline: true });
  const over = ids.slice(0, 19);
  await add(new Map(over.map((id) => [id, { state: 'succeeded', since: START_AT }] as const)));
  for (const id of over) await context.jobs.addReturn(jid, id, resultOf(id, LARGE));
  watch('root');
  await turn();
  expect(stepsOf('root').length).toBeLessThan(10);
  await end('n00019');
  await untilEnd('root');
  expect(stepsOf('root').filter(({ id }) => id === 'n00019')).toMatchObject([{ t: 'ret' }]);
});

test('the end of a job whose minions are offline is seen without asking each of them at every return', async () => {
  const ids = idsOf(300);
  const { add, end, watch, stepsOf, untilEnd, context } = setUp(ids, { queues_offline: true });
  await add();
  for (const id of ids.slice(200)) context.fleet.setOnline(id, START_AT);
  let asked = 0;
  const { isOnline } = context.fleet;
  Object.assign(context.fleet, { isOnline: (id: string) => ++asked > 0 && isOnline(id) });
  watch('root');
  await turn();
  for (const id of ids.slice(200)) {
    await end(id);
    await turn();
  }
  await untilEnd('root');
  expect(stepsOf('root').filter(({ t }) => t === 'ret')).toHaveLength(100);
  expect(stepsOf('root').filter(({ final }) => final === false)).toHaveLength(200);
  expect(asked).toBeLessThan(10 * ids.length);
});

const EVENTS = [
  'send',
  'puback',
  'run',
  'requeue',
  'succeed',
  'cancel',
  'time_out',
  'online',
  'offline',
  'turn',
] as const;

test('whatever happens meanwhile, each part ends once, and nothing older follows its end', async () => {
  const ids = idsOf(8);
  const happening = fc.tuple(fc.constantFrom(...EVENTS), fc.constantFrom(...ids));
  const size = fc.constantFrom(10, 100_000, 300_000);
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), fc.nat(20), size, async (events, from, bytes) => {
      const { add, watch, stepsOf, untilEnd, context, jid, resultOf, clock } = setUp(ids, { queues_offline: true });
      const { tracker, fleet } = context;
      await add();
      for (const [at, [event, id]] of events.entries()) {
        if (at === from) watch('root');
        if (event === 'turn') await turn();
        else if (event === 'online') fleet.setOnline(id, START_AT);
        else if (event === 'offline') fleet.setOffline(id, START_AT);
        else
          void tracker.advance(jid, id, event, event === 'succeed' ? { result: resultOf(id, 'x'.repeat(bytes)) } : {});
      }
      if (from >= events.length) watch('root');
      await turn();
      for (const id of ids) void tracker.advance(jid, id, 'fail', { result: resultOf(id) });
      await untilEnd('root', () => clock.advance(20));
      for (const id of ids) {
        const steps = stepsOf('root').filter((step) => step.id === id);
        const finals = steps.filter(({ t, final }) => t === 'ret' || final === true);
        expect(finals.length).toBeLessThanOrEqual(1);
        if (finals.length > 0) expect(steps.at(-1)).toBe(finals[0]);
        // Only what waits for a minion that is not there may be left open.
        else expect(steps.at(-1)?.state).toBe('queued');
      }
    }),
    { seed: 20261127, numRuns: 200 },
  );
});
