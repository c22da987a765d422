import { expect, test } from 'vitest';
import { createJobTable } from '../../../../minion/jobs/job_table.ts';

const JID = '20260101000000000001';
const job = { jid: JID, fun: 'cmd.run', arg: ['sleep 9'], exp: 1, tgt: '*', tgt_type: 'glob', user: 'root' } as const;

function setUp() {
  const killed: [number, number][] = [];
  const table = createJobTable((pid, signal) => killed.push([pid, signal]), 100);
  const { signal } = table.start({ ...job, arg: [...job.arg] });
  return { table, killed, signal };
}

test('a job is in the table while it runs, with the pid of the minion', () => {
  const { table } = setUp();
  const { exp: _exp, ...shown } = job;
  expect([table.has(JID), table.size(), table.running()]).toEqual([true, 1, [{ ...shown, pid: 100 }]]);
  table.finish(JID);
  expect([table.has(JID), table.size(), table.running()]).toEqual([false, 0, []]);
});

test('the pid is that of the process that it started last and that still runs', async () => {
  const { table } = setUp();
  let end = (): void => undefined;
  table.child(JID, 200, new Promise(() => undefined));
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  table.child(JID, 300, ended);
  expect(table.running()[0]?.pid).toBe(300);
  end();
  await ended;
  expect(table.running()[0]?.pid).toBe(200);
});

test.each([9, 15])('signal %d goes to all process groups of the job and aborts it', (signal) => {
  const { table, killed, signal: abort } = setUp();
  for (const pid of [200, 300]) table.child(JID, pid, new Promise(() => undefined));
  expect(table.signal(JID, signal)).toBe(true);
  expect(killed).toEqual([
    [-200, signal],
    [-300, signal],
  ]);
  expect([abort.aborted, abort.reason]).toEqual([true, 'cancelled']);
});

test('any other signal is only passed on', () => {
  const { table, killed, signal } = setUp();
  table.child(JID, 200, new Promise(() => undefined));
  expect(table.signal(JID, 10)).toBe(true);
  expect([killed, signal.aborted]).toEqual([[[-200, 10]], false]);
});

test('a job that does not run cannot be signalled, stopped or given children', () => {
  const { table, killed } = setUp();
  table.child('20260101000000000009', 1, new Promise(() => undefined));
  table.timeOut('20260101000000000009');
  expect([table.signal('20260101000000000009', 9), killed]).toEqual([false, []]);
});

test('a job that is out of time is aborted with that reason', () => {
  const { table, signal } = setUp();
  table.timeOut(JID);
  expect([signal.aborted, signal.reason]).toEqual([true, 'timeout']);
});
