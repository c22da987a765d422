import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { defineModule, fn } from '../../../minion/context.ts';
import { ReturnLong, ReturnPart } from '../../../shared/protocol/messages/return.ts';
import { connectAs } from '../../support/connect_as.ts';
import { sampleJob } from '../../support/sample_job.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { watchTopics } from '../../support/watch_topics.ts';

let fleet: TestFleet;
afterEach(() => fleet.stop());

const MIB = 1024 ** 2;
const text = (bytes: number): string => 'a line of output with "quotes" and ünïcode\n'.repeat(bytes / 44);
const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const large = defineModule({
  summary: 'Returns large values.',
  functions: {
    text: fn({
      summary: 'A text of so many MiB.',
      args: {},
      examples: ["salt '*' large.text"],
      run: () => text(50 * MIB),
    }),
    much: fn({ summary: 'A text of 12 MiB.', args: {}, examples: ["salt '*' large.much"], run: () => text(12 * MIB) }),
    some: fn({ summary: 'A text of 3 MiB.', args: {}, examples: ["salt '*' large.some"], run: () => text(3 * MIB) }),
    list: fn({
      summary: 'Many small items.',
      args: {},
      examples: ["salt '*' large.list"],
      run: () => Array.from({ length: 150_000 }, (_, index) => index % 10),
    }),
  },
});
const modules = { large };

/** The jid and the minion's answer. */
async function run(fun: string) {
  const steps = await fleet.run('m1', fun);
  return { jid: String(steps[0]?.jid), ret: steps.find(({ t }) => t === 'ret') };
}

test('a return of 50 MB comes to the operator whole, and the event says how to get it', {
  timeout: 120_000,
}, async () => {
  fleet = await startFleet({ minions: ['m1'], modules });
  const { jid, ret } = await run('large.text');
  expect(hashOf(ret?.return)).toBe(hashOf(text(50 * MIB)));
  expect(ret).toMatchObject({ id: 'm1', retcode: 0, success: true });
  const told = await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/ret/m1`);
  expect(told.data).toMatchObject({ return: expect.stringContaining(`jobs.lookup_jid ${jid}`), success: true });
  const looked = (await fleet.call('runner', 'jobs.lookup_jid', [jid])) as Record<string, unknown>;
  expect(hashOf(looked.m1)).toBe(hashOf(ret?.return));
});

test('an answer of a runner that is too large for a message comes whole, with the returns in it', async () => {
  fleet = await startFleet({ minions: ['m1'], modules });
  const { jid, ret } = await run('large.some');
  const { jobs } = fleet.context();
  const ended = new Map([['m1', { state: 'succeeded', since: 1 } as const]]);
  const metadata = { note: 'x'.repeat(3000) };
  const jids = Array.from({ length: 2000 }, (_, index) => `2026010100000000${String(index).padStart(4, '0')}`);
  await Promise.all(jids.map((old) => jobs.addJob(sampleJob({ jid: old, minions: ['m1'], metadata }), ended)));
  const listed = (await fleet.call('runner', 'jobs.list_jobs', [], { limit: 3000 })) as Record<string, unknown>;
  expect(Object.keys(listed).slice(0, 2000)).toEqual(jids);
  expect(listed[jid]).toMatchObject({ Function: 'large.some' });
  expect(listed[jids[7] as string]).toMatchObject({ Metadata: metadata });
  const told = await fleet.events.waitFor(
    ({ tag, data }) => /^salt\/run\/\d+\/ret$/.test(tag) && data.fun === 'runner.jobs.list_jobs',
  );
  expect(told.data.return).toMatch(/^a value of \d{7} bytes, which goes in parts$/);
  const printed = (await fleet.call('runner', 'jobs.print_job', [jid])) as Record<string, { Result: { m1: unknown } }>;
  expect(hashOf(printed[jid]?.Result.m1)).toBe(hashOf({ return: ret?.return, retcode: 0, success: true }));
});

test('a small return with more items than a message may have goes the same way', async () => {
  fleet = await startFleet({ minions: ['m1'], modules });
  const { jid, ret } = await run('large.list');
  expect(ret?.return).toHaveLength(150_000);
  const listed = (await fleet.call('runner', 'jobs.list_job', [jid])) as {
    Result: Record<string, { return: unknown }>;
  };
  expect(listed.Result.m1?.return).toEqual(ret?.return);
});

test('beyond max_return_size the job has failed, with a clear text and both ends of the output', async () => {
  fleet = await startFleet({ minions: ['m1'], modules, minion: { max_return_size: MIB } });
  const { ret } = await run('large.some');
  expect(ret).toMatchObject({ retcode: 1, success: false });
  expect(ret?.return).toMatch(
    /^ERROR: .*return code 0.* larger than max_return_size \(1048576 bytes\)\n--- it begins with:\na line of output/,
  );
  expect(ret?.return).toMatch(/--- it ends with:\n.*ünïcode\n$/s);
});

test('observers see the return as a note, and none of its parts', async () => {
  fleet = await startFleet({ minions: ['m1'], modules });
  const observer = await watchTopics(`${fleet.directory}/master/var/run/salt/master/operator.sock`, ['salt/ret/#']);
  await fleet.run('m1', 'large.some');
  const seen = await observer.messages.waitFor(() => true);
  expect(JSON.parse(seen.text)).toMatchObject({
    id: 'm1',
    return: expect.stringContaining('bytes'),
    parts: { bytes: expect.any(Number) },
  });
  expect(observer.messages.all.filter(({ topic }) => topic.split('/').length > 4)).toEqual([]);
  await observer.connection.close();
});

test('whatever is restarted in the middle, the return arrives whole and once', { timeout: 120_000 }, async () => {
  fleet = await startFleet({ minions: ['m1'], modules });
  const [job] = await fleet.run('m1', 'large.much', [], {}, { async: true });
  const jid = String(job?.jid);
  const stored = (): number => fleet.context().jobs.partNumbers(jid, 'm1').length;
  const storesSome = async (more: number): Promise<void> => {
    const before = stored();
    while (stored() < before + more) await new Promise((resolve) => setImmediate(resolve));
  };
  await storesSome(5);
  await fleet.stopMaster();
  await fleet.startMaster();
  await storesSome(5);
  await fleet.stopMinion('m1');
  await fleet.startMinion('m1');
  await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/ret/m1`);
  expect(fleet.context().jobs.endedRow(jid, 'm1')?.state).toBe('succeeded');
  const looked = (await fleet.call('runner', 'jobs.lookup_jid', [jid])) as Record<string, unknown>;
  expect(hashOf(looked.m1)).toBe(hashOf(text(12 * MIB)));
  await fleet.run('m1', 'test.ping');
  expect(fleet.events.all.filter(({ tag }) => tag === `salt/job/${jid}/ret/m1`)).toHaveLength(1);
});

test('a minion whose parts were lost on the master sends them all again', async () => {
  fleet = await startFleet({ minions: ['m1'], modules });
  await fleet.stopMinion('m1');
  const [job] = await fleet.run('m1', 'large.some', [], {}, { async: true, queue_for: 60 });
  const jid = String(job?.jid);
  const { jobs } = fleet.context();
  await fleet.startMinion('m1');
  while (jobs.partNumbers(jid, 'm1').length < 3) await new Promise((resolve) => setImmediate(resolve));
  await jobs.removeParts(jid, 'm1');
  await fleet.events.waitFor(({ tag }) => tag === `salt/job/${jid}/ret/m1`);
  expect(jobs.endedRow(jid, 'm1')?.state).toBe('succeeded');
  const looked = (await fleet.call('runner', 'jobs.lookup_jid', [jid])) as Record<string, unknown>;
  expect(hashOf(looked.m1)).toBe(hashOf(text(3 * MIB)));
});

test('nobody sends parts for another minion, nor for a job that is not its own', async () => {
  fleet = await startFleet({ minions: ['m1', 'm2'], modules });
  const [job] = await fleet.run('m1', 'test.ping', [], {}, { async: true });
  const jid = String(job?.jid);
  // There is one connection of a minion: it would take over ours.
  await fleet.stopMinion('m2');
  const refused: string[] = [];
  const m2 = await connectAs(fleet, 'm2', { received: (topic) => void refused.push(topic) });
  await m2.publish(ReturnPart.encode({ jid, id: 'm1', n: '0' }, Buffer.from('"x"')));
  expect(refused).toEqual(['salt/err/m2']);
  await m2.publish(ReturnPart.encode({ jid, id: 'm2', n: '0' }, Buffer.from('"x"')));
  const parts = { count: 1, bytes: 3, sha256: hashOf('x') };
  await m2.publish(ReturnLong.encode({ jid, id: 'm2' }, { id: 'm2', return: 'note', parts }));
  expect((await fleet.context().jobs.returns(jid)).has('m2')).toBe(false);
  expect([...fleet.context().jobs.partOwners()]).toEqual([]);
  await m2.close();
});
