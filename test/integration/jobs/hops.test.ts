import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatReturn } from '../../../cli/return_printer.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { watchTopics } from '../../support/watch_topics.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'] });
});
afterAll(() => fleet.stop());

const masterSocket = (): string => join(fleet.directory, 'master/var/run/salt/master/operator.sock');
const localSocket = (id: string): string => join(fleet.directory, id, 'var/run/salt/minion/local.sock');

test('test.ping goes through eight hops', async () => {
  const wire = await watchTopics(masterSocket(), ['salt/job/#', 'salt/ret/#', 'salt/event/#']);
  const local = await watchTopics(localSocket('m1'), ['$local/#']);

  // 1 the request of an operator, 2 the client, 3 the dispatcher
  const steps = await fleet.run('m1', 'test.ping');
  const jid = String(steps[0]?.jid);
  expect(steps[0]).toEqual({ t: 'job', jid, minions: ['m1'] });
  await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/new`);

  // 4 the broker hands the job to the minion, and to observers as JSON without its signature
  const job = await wire.messages.waitFor(({ topic }) => topic === 'salt/job/m1');
  expect(JSON.parse(job.text)).toMatchObject({ jid, fun: 'test.ping', tgt: 'm1', tgt_type: 'glob' });

  // 5 the minion takes it, 6 and runs it
  await local.messages.waitFor(({ topic }) => topic === `$local/salt/job/${jid}/start`);
  await local.messages.waitFor(({ topic }) => topic === `$local/salt/job/${jid}/end`);
  const sent = await wire.messages.waitFor(({ topic }) => topic === `salt/ret/${jid}/m1`);
  expect(JSON.parse(sent.text)).toMatchObject({ id: 'm1', jid, fun: 'test.ping', return: true, retcode: 0 });

  // 7 the master commits the return and tells its bus
  const told = await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/ret/m1`);
  expect(told.data).toMatchObject({ id: 'm1', jid, cmd: '_return', return: true, success: true });
  expect((await fleet.context().jobs.returns(jid)).get('m1')).toMatchObject({ return: true, retcode: 0 });
  expect(fleet.context().jobs.endedRow(jid, 'm1')?.state).toBe('succeeded');

  // 8 the operator sees it
  const ret = steps.find(({ t }) => t === 'ret');
  const shown = { id: String(ret?.id), return: ret?.return, retcode: Number(ret?.retcode) };
  expect(await formatReturn(shown, undefined, { colour: false })).toBe('m1:\n    True');
  await wire.connection.close();
  await local.connection.close();
});

test('the event bus hears of a job that begins, of each return, and of who is missing', async () => {
  const steps = await fleet.run('*', 'test.echo', ['hi'], {});
  const jid = String(steps[0]?.jid);
  const about = fleet.events.all.filter(({ tag }) => tag.startsWith(`salt/job/${jid}/`));
  expect(about.map(({ tag }) => tag).sort()).toEqual([
    `salt/job/${jid}/new`,
    `salt/job/${jid}/ret/m1`,
    `salt/job/${jid}/ret/m2`,
  ]);
  expect(about[0]?.data).toMatchObject({
    jid,
    fun: 'test.echo',
    arg: ['hi'],
    tgt: '*',
    tgt_type: 'glob',
    minions: ['m1', 'm2'],
    missing: [],
  });
  expect(about[0]?.data._stamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
});

test('keyword arguments stand in the event of a new job as Salt writes them', async () => {
  const [job] = await fleet.run('m1', 'test.arg', [1], { colour: 'red' });
  const begun = await fleet.events.waitFor(({ tag }) => tag === `salt/job/${String(job?.jid)}/new`);
  expect(begun.data.arg).toEqual([1, { __kwarg__: true, colour: 'red' }]);
});

test('a job for two minions ends after both returns were told', async () => {
  const rounds = await Promise.all(Array.from({ length: 20 }, () => fleet.run('*', 'test.ping')));
  for (const steps of rounds) {
    const returned = steps.filter(({ t }) => t === 'ret').map(({ id }) => id);
    expect(returned.sort()).toEqual(['m1', 'm2']);
  }
});

test('an error of the operator says what it was', async () => {
  await expect(fleet.run('nobody', 'test.ping')).rejects.toMatchObject({ code: 'TARGET_EMPTY' });
  await expect(fleet.call('runner', 'jobs.lookup_jidd', ['1'])).rejects.toMatchObject({
    code: 'FUNCTION_UNKNOWN',
    hint: 'did you mean jobs.lookup_jid?',
  });
});

test('a function that does not exist is a return with the words of Salt', async () => {
  const steps = await fleet.run('m1', 'nosuch.thing');
  expect(steps.find(({ t }) => t === 'ret')).toMatchObject({
    id: 'm1',
    return: "'nosuch.thing' is not available.",
    retcode: 1,
    success: false,
  });
});

test('one client may ask more often than it may subscribe', async () => {
  for (let round = 0; round < 40; round++) expect(await fleet.call('runner', 'manage.up')).toEqual(['m1', 'm2']);
});

test('jobs.lookup_jid gives what was returned', async () => {
  const [job] = await fleet.run('*', 'test.ping');
  expect(await fleet.call('runner', 'jobs.lookup_jid', [job?.jid])).toEqual({ m1: true, m2: true });
});
