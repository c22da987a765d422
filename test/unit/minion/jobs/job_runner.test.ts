import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJobRunner, type JobRunnerOptions } from '../../../../minion/jobs/job_runner.ts';
import { createJobTable } from '../../../../minion/jobs/job_table.ts';
import { type Ledger, openLedger } from '../../../../minion/jobs/ledger.ts';
import { type Outbox, openOutbox } from '../../../../minion/jobs/outbox.ts';
import { createLogger, silentLogger } from '../../../../shared/log.ts';
import type { JobPayload } from '../../../../shared/protocol/messages/job.ts';
import { ReturnLong, type ReturnPayload } from '../../../../shared/protocol/messages/return.ts';
import { Inbox } from '../../../integration/broker/inbox.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { until } from '../../../support/until.ts';

const NOW = 1_000_000;
const jid = (number: number): string => String(number).padStart(20, '0');
const job = (number: number, members: Partial<JobPayload> = {}): JobPayload => ({
  jid: jid(number),
  fun: 'test.ping',
  exp: NOW + 5,
  ...members,
});

let directory: string;
const ledgers: Ledger[] = [];
const outboxes: Outbox[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-runner-'));
});
afterEach(async () => {
  for (const ledger of ledgers.splice(0)) await ledger.close();
  for (const outbox of outboxes.splice(0)) await outbox.close().catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
});

/** A runner on a real ledger and outbox; each job ends when the test says with what. */
async function setUp(overrides: Partial<JobRunnerOptions> = {}) {
  const clock = fakeClock();
  const started = new Inbox<{ jid: string; signal: AbortSignal; end(result: Partial<ReturnPayload>): void }>();
  const news = new Inbox<string>();
  const sent = new Inbox<ReturnPayload>();
  const logged: string[] = [];
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const ledger = overrides.ledger ?? (await openLedger(join(directory, 'ledger'), () => NOW, silentLogger));
  if (overrides.ledger === undefined) ledgers.push(ledger);
  const outbox =
    overrides.outbox ?? (await openOutbox({ folder: join(directory, 'outbox'), bytesMax: 2 ** 20, clock, log }));
  outboxes.push(outbox);
  if (overrides.outbox === undefined)
    outbox.attach(async ({ topic, payload }) => sent.push(ReturnLong.decode(topic, payload)!.payload));
  const table = createJobTable(() => undefined, 1);
  const runner = createJobRunner({
    id: 'm1',
    pid: 4711,
    keep: async () => undefined,
    ledger,
    outbox,
    table,
    clock,
    log,
    processCountMax: -1,
    returnBytesMax: 4096,
    masterNow: () => NOW + clock.monotonicMs() / 1000,
    heartbeatMs: 30_000,
    execute: ({ jid: one, fun }, { signal }) =>
      new Promise((resolve) => {
        const end = (members: Partial<ReturnPayload>): void =>
          resolve({ id: 'm1', jid: one, fun, return: true, retcode: 0, success: true, ...members });
        started.push({ jid: one, signal, end });
      }),
    acknowledge: (one, { st }) => news.push(`${st} ${Number(one)}`),
    notice: (what, { jid: one }) => news.push(`${what} ${Number(one)}`),
    ...overrides,
  });
  return { runner, clock, started, news, sent, logged, ledger, outbox, table };
}

test('a job runs, is said to run, and its return goes out', async () => {
  const { runner, clock, started, news, sent, table } = await setUp();
  runner.run(job(1));
  clock.advance(10);
  expect([news.all, table.has(jid(1))]).toEqual([['start 1', 'run 1'], true]);
  started.all[0]?.end({});
  expect(await sent.waitForCount(1)).toMatchObject([{ jid: jid(1), return: true, retcode: 0 }]);
  await news.waitFor((line) => line === 'end 1');
  expect(table.size()).toBe(0);
});

test('of a job that is over at once, the return is all that the master hears', async () => {
  const { runner, clock, started, news } = await setUp();
  runner.run(job(1));
  started.all[0]?.end({});
  await news.waitFor((line) => line === 'end 1');
  clock.advance(1000);
  expect(news.all).toEqual(['start 1', 'end 1']);
});

test('no more jobs run at a time than configured; the others wait in their order', async () => {
  const { runner, started, news } = await setUp({ processCountMax: 2 });
  for (const number of [1, 2, 3, 4]) runner.run(job(number));
  expect(started.all.map((one) => one.jid)).toEqual([jid(1), jid(2)]);
  expect(runner.waitingCount()).toBe(2);
  started.all[1]?.end({});
  await news.waitFor((line) => line === 'start 3');
  started.all[2]?.end({});
  await news.waitFor((line) => line === 'start 4');
  expect(runner.waitingCount()).toBe(0);
});

test('a job that expired while it waited is not run, and says so', async () => {
  const { runner, started, clock, sent } = await setUp({ processCountMax: 1 });
  runner.run(job(1));
  runner.run(job(2));
  clock.advance(5000);
  started.all[0]?.end({});
  expect((await sent.waitForCount(2))[1]).toMatchObject({ jid: jid(2), ended: 'expired', success: false });
  expect(started.all).toHaveLength(1);
});

test('the master hears now and then that a long job still runs', async () => {
  const { runner, started, clock, news } = await setUp();
  runner.run(job(1));
  clock.advance(60_000);
  expect(news.all.filter((line) => line === 'run 1')).toHaveLength(3);
  started.all[0]?.end({});
  await news.waitFor((line) => line === 'end 1');
  clock.advance(60_000);
  expect(news.all.filter((line) => line === 'run 1')).toHaveLength(3);
});

test('a job that comes while others run is said to run with them, and nothing is said when none does', async () => {
  const { runner, started, clock, news } = await setUp();
  const late = { exp: NOW + 3600 };
  runner.run(job(1));
  clock.advance(20_000);
  runner.run(job(2, late));
  clock.advance(10_000);
  expect(news.all.filter((line) => line.startsWith('run'))).toEqual(['run 1', 'run 2', 'run 1', 'run 2']);
  for (const { end } of started.all) end({});
  await news.waitFor((line) => line === 'end 2');
  clock.advance(30_000);
  runner.run(job(3, late));
  clock.advance(30_000);
  expect(news.all.slice(-3)).toEqual(['start 3', 'run 3', 'run 3']);
});

test('what a function returns at once goes out without a word before it', async () => {
  const execute = ({ jid: one, fun }: JobPayload): ReturnPayload => ({
    id: 'm1',
    jid: one,
    fun,
    return: 1,
    retcode: 0,
    success: true,
  });
  const { runner, clock, news, sent, table } = await setUp({ execute });
  runner.run(job(1, { timeout_ms: 5 }));
  clock.advance(1000);
  expect(await sent.waitForCount(1)).toMatchObject([{ jid: jid(1), return: 1 }]);
  await news.waitFor((line) => line === 'end 1');
  expect([news.all, table.size()]).toEqual([['start 1', 'end 1'], 0]);
});

test('a job is stopped when its time is over', async () => {
  const { runner, started, clock } = await setUp();
  runner.run(job(1, { timeout_ms: 1000 }));
  clock.advance(999);
  expect(started.all[0]?.signal.aborted).toBe(false);
  clock.advance(1);
  expect([started.all[0]?.signal.aborted, started.all[0]?.signal.reason]).toEqual([true, 'timeout']);
});

test('a return is in the outbox before the ledger says that the job is finished', async () => {
  const { runner, started, news, ledger, outbox } = await setUp();
  outbox.detach();
  await ledger.accept(jid(1), NOW + 5);
  runner.run(job(1));
  started.all[0]?.end({});
  await news.waitFor((line) => line === 'end 1');
  await ledger.close();
  ledgers.length = 0;
  const again = await setUp();
  expect(again.ledger.interrupted).toEqual([]);
  expect(await again.sent.waitForCount(1)).toMatchObject([{ jid: jid(1), return: true }]);
});

test('what a former process began and never finished is reported as interrupted, once', async () => {
  const before = await setUp();
  for (const number of [1, 2]) await before.ledger.accept(jid(number), NOW + 5);
  before.outbox.detach();
  // The return of the second is in the outbox, the ledger was not told any more.
  const payload = { id: 'm1', jid: jid(2), return: 'kept' };
  await before.outbox.add('return', ReturnLong.encode({ jid: jid(2), id: 'm1' }, payload));

  const ledger = await openLedger(join(directory, 'ledger'), () => NOW, silentLogger);
  const outbox = await openOutbox({
    folder: join(directory, 'outbox'),
    bytesMax: 2 ** 20,
    clock: fakeClock(),
    log: silentLogger,
  });
  const { runner } = await setUp({ ledger, outbox });
  await runner.reportInterrupted();
  const sent: (ReturnPayload | undefined)[] = [];
  outbox.attach(async (packet) => void sent.push(ReturnLong.decode(packet.topic, packet.payload)?.payload));
  await outbox.drained();
  expect(sent).toMatchObject([{ return: 'kept' }, { jid: jid(1), ended: 'interrupted', success: false }]);
  await ledger.close();
  expect((await setUp()).ledger.interrupted).toEqual([]);
});

test('a minion that is killed after a return was sent and before it was written says interrupted, once', async () => {
  const before = await setUp();
  await before.ledger.accept(jid(1), NOW + 5);
  // So that the return is never written.
  await before.outbox.close();
  const sent = new Inbox<string>();
  before.outbox.attach(({ topic }) => {
    sent.push(topic);
    return new Promise(() => undefined);
  });
  before.runner.run(job(1));
  before.started.all[0]?.end({});
  await sent.waitForCount(1);

  const again = await setUp();
  expect(again.ledger.interrupted.map((one) => one.jid)).toEqual([jid(1)]);
  await again.runner.reportInterrupted();
  expect(await again.sent.waitForCount(1)).toMatchObject([{ jid: jid(1), ended: 'interrupted' }]);
});

test('while nothing can be written a return reaches the master all the same, and is sent again when the connection is lost', async () => {
  const { runner, outbox, started, news, clock, logged } = await setUp();
  await outbox.close();
  const sent = new Inbox<(error?: Error) => void>();
  outbox.attach(() => new Promise((resolve, reject) => sent.push((error) => (error ? reject(error) : resolve()))));
  runner.run(job(1));
  started.all[0]?.end({});
  (await sent.waitForCount(1))[0]?.(new Error('gone'));
  await until('it is told', () => logged.some((line) => line.includes('a return cannot be kept yet')));
  clock.advance(1000);
  (await sent.waitForCount(2))[1]?.();
  await news.waitFor((line) => line === 'end 1');
});

test('an interrupted job of the minion itself is reported with what makes it a job of the master, or not at all', async () => {
  const before = await setUp();
  const own = { fun: 'test.echo', fun_args: ['x'], schedule: 'daily', metadata: { team: 'ops' } };
  await before.ledger.accept(jid(1), NOW + 5, own);
  await before.ledger.accept(jid(2), NOW + 5, null);
  const ledger = await openLedger(join(directory, 'ledger'), () => NOW, silentLogger);
  const { runner, sent, logged } = await setUp({ ledger });
  await runner.reportInterrupted();
  expect(await sent.waitForCount(1)).toMatchObject([{ jid: jid(1), ...own, ended: 'interrupted', success: false }]);
  expect(logged.join()).toContain(`a job of the minion itself was interrupted jid=${jid(2)}`);
  await ledger.close();
  expect((await setUp()).ledger.interrupted).toEqual([]);
});

test('a job of the minion itself that is cancelled while it waits ends as such', async () => {
  const { runner, started, sent, ledger } = await setUp({ processCountMax: 1 });
  const ended: unknown[] = [];
  const own = {
    returned: { fun: 'test.ping', schedule: 'daily' },
    ended: (result: unknown) => void ended.push(result),
  };
  await ledger.accept(jid(2), NOW + 5, own.returned);
  runner.run(job(1));
  runner.run({ ...job(2), own });
  runner.cancel(jid(2));
  expect(await sent.waitForCount(1)).toMatchObject([{ jid: jid(2), schedule: 'daily', ended: 'cancelled' }]);
  expect(ended).toMatchObject([{ ended: 'cancelled' }]);
  started.all[0]?.end({});
});

test('a return that is too large is replaced by one that says how large, never cut', async () => {
  const { runner, started, sent } = await setUp();
  runner.run(job(1));
  started.all[0]?.end({ return: 'x'.repeat(5000), retcode: 0 });
  const [result] = await sent.waitForCount(1);
  expect(result).toMatchObject({
    retcode: 1,
    success: false,
    error: { code: 'LIMIT_EXCEEDED' },
    return: expect.stringMatching(
      /return code 0, but its return of 5\d{3} bytes is larger than max_return_size \(4096/,
    ),
  });
});

test.each([
  ['a date', new Date(0)],
  ['a number without end', 10n ** 30n],
  ['a list a hundred levels deep', Array.from({ length: 100 }).reduce((inner) => [inner], 'x')],
])('a return that the master would refuse is replaced by one that says why: %s', async (_what, value) => {
  const { runner, started, sent } = await setUp();
  runner.run(job(1));
  started.all[0]?.end({ return: value, retcode: 3 });
  const [result] = await sent.waitForCount(1);
  expect(result).toMatchObject({ jid: jid(1), retcode: 3, success: false });
  expect(String(result?.return)).toMatch(/^ERROR: the job ended with return code 3, but /);
});

test.each([300, 1.5, Number.NaN])('a return code that there is not (%s) does not lose the return', async (retcode) => {
  const { runner, started, sent } = await setUp();
  runner.run(job(1));
  started.all[0]?.end({ retcode, success: false });
  expect(await sent.waitForCount(1)).toMatchObject([{ retcode: 1, success: false }]);
});

test('who cancels a job that is over hears nothing: it is not said to have been cancelled before it began', async () => {
  const { runner, started, sent, ledger, table } = await setUp();
  await ledger.accept(jid(1), NOW + 60);
  runner.run(job(1));
  started.all[0]?.end({ return: 'done' });
  await until('it is over', () => !table.has(jid(1)));
  runner.cancel(jid(1));
  runner.cancel(jid(2));
  // The second was never known here, and is reported after what could be said of the first.
  await sent.waitForCount(2);
  expect(sent.all.map(({ jid: one, ended }) => [one, ended])).toEqual([
    [jid(1), undefined],
    [jid(2), 'cancelled'],
  ]);
});
