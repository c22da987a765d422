import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { verifyAuditLog } from '../../../master/permissions/verify_audit_log.ts';
import { startFleet, type TestFleet } from '../../support/start_fleet.ts';
import { openDevice, type TestDevice } from '../../support/test_device.ts';

/** Every door by which an operator comes in asks the same place: what it refuses, all refuse. */
let fleet: TestFleet;
const clients: TestDevice[] = [];

beforeAll(async () => {
  fleet = await startFleet({
    master: {
      tcp_interface: '127.0.0.1',
      tcp_port: 0,
      external_auth: { pam: { dora: ['test.*'] } },
      publisher_acl: { alice: [{ m1: ['test.*'] }, { '@runner': ['manage.up', 'jobs.retry', 'event.send'] }], bob: [] },
    },
    minions: ['m1', 'm2'],
  });
});
afterAll(() => fleet.stop());
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.destroy();
});

let count = 0;
async function operator(name: string, known?: string) {
  const password = known ?? String(await fleet.call('runner', 'operators.add', [name]));
  const client = openDevice(fleet, { id: name, password, hmac_key: '' });
  clients.push(client);
  expect(await client.login(password, { clientId: `${name}-1` })).toBe(0);
  await client.subscribe(`salt/op/${name}/rsp/#`);
  return async (request: Readonly<Record<string, unknown>>): Promise<string> => {
    const c = `q${++count}`;
    client.publish(`salt/op/${name}/req/${c}`, { gather: true, ...request }, 1);
    const { payload } = await client.next(({ topic }) => topic === `salt/op/${name}/rsp/${c}`);
    return payload.toString();
  };
}

const refused = (text: string): boolean => text.includes('"code":"NOT_PERMITTED"');

test('a job is permitted on its minions alone, by every form of asking', async () => {
  const ask = await operator('alice');
  const job = { op: 'job', tgt: 'm1', fun: 'test.ping' };
  expect(await ask(job)).toContain('"return":true');
  for (const form of [
    { ...job, tgt: '*' },
    { ...job, tgt: ['m1', 'm2'], tgt_type: 'list' },
    { ...job, tgt: 'm2', async: true },
    { ...job, tgt: '*', batch: { size: 1 } },
    { ...job, tgt: 'm*', exclude: 'm1' },
    { ...job, fun: 'cmd.run', arg: ['id'] },
    { ...job, fun: 'cmd.run', arg: ['id'], async: true },
  ]) {
    const text = await ask(form);
    expect(refused(text), `${JSON.stringify(form)}: ${text}`).toBe(true);
  }
});

test('a runner that publishes a job does it in the name of who asked', async () => {
  const ask = await operator('alice');
  const [step] = await fleet.run('m2', 'test.ping');
  const text = await ask({ op: 'runner', fun: 'jobs.retry', arg: [step?.jid], kwarg: { states: ['succeeded'] } });
  expect(text).not.toContain('"return":true');
  expect(await ask({ op: 'runner', fun: 'manage.up' })).toContain('["m1","m2"]');
});

test('runners, the wheel and events need their own permission, waited for or not', async () => {
  const ask = await operator('bob');
  for (const form of [
    { op: 'runner', fun: 'manage.up' },
    { op: 'runner', fun: 'manage.up', async: true },
    { op: 'wheel', fun: 'key.list_all' },
    { op: 'wheel', fun: 'key.accept', arg: ['*'] },
    { op: 'job', tgt: 'm1', fun: 'test.ping' },
  ]) {
    expect(refused(await ask(form)), JSON.stringify(form)).toBe(true);
  }
});

test('an event without permission is refused in words and not fired', async () => {
  await operator('bob');
  const from = fleet.events.all.length;
  const bob = clients[0] as TestDevice;
  await bob.subscribe('salt/err/bob');
  bob.publish('salt/op/bob/fire/app/ready', { x: 1 }, 1);
  const { payload } = await bob.next(({ topic }) => topic === 'salt/err/bob');
  expect(JSON.parse(payload.toString())).toMatchObject({
    reason: 'acl',
    message: 'bob may not call runner function event.send',
  });
  await operator('alice');
  const alice = clients[1] as TestDevice;
  alice.publish('salt/op/alice/fire/app/ready', { x: 2 }, 1);
  const event = await fleet.events.waitFor((one) => fleet.events.all.indexOf(one) >= from && one.tag === 'app/ready');
  expect(event.data).toMatchObject({ data: { x: 2 }, user: 'alice' });
});

test('the audit log holds who asked, and its chain is whole', async () => {
  const ask = await operator('bob');
  await ask({ op: 'job', tgt: 'm1', fun: 'test.arg', kwarg: { password: 'hunter2' } });
  const verified = (await fleet.call('runner', 'audit.verify')) as { entries: number };
  expect(verified).not.toHaveProperty('broken');
  const file = join(fleet.directory, 'master/var/cache/salt/master/audit');
  expect((await verifyAuditLog(file)).entries).toBeGreaterThanOrEqual(verified.entries);
});

test('nobody takes a name in which the master acts', async () => {
  for (const name of ['Reactor', 'Schedule']) {
    await expect(fleet.call('runner', 'operators.add', [name])).rejects.toThrow("a name of the master's own");
  }
});

test('whom the system knows may what external_auth says, under a name of his own', async () => {
  const ask = await operator('pam.dora', 'of the system');
  expect(await ask({ op: 'job', tgt: '*', fun: 'test.ping' })).toContain('"return":true');
  expect(refused(await ask({ op: 'job', tgt: '*', fun: 'cmd.run', arg: ['id'] }))).toBe(true);
  for (const [id, password] of [
    ['pam.dora', 'guessed'],
    ['dora', 'of the system'],
    ['pam.root', 'of the system'],
  ] as const) {
    const client = openDevice(fleet, { id, password, hmac_key: '' });
    clients.push(client);
    expect(await client.login(password), id).toBe(4);
  }
});

test('the same question has the same answer at every door', async () => {
  const ask = await operator('alice');
  const ids: Readonly<Record<string, readonly string[]>> = {
    m1: ['m1'],
    m2: ['m2'],
    '*': ['m1', 'm2'],
    'm[12]': ['m1', 'm2'],
  };
  const question = fc.record({
    fun: fc.constantFrom('test.ping', 'test.true', 'cmd.run', 'sys.list_modules', 'saltutil.find_job'),
    tgt: fc.constantFrom(...Object.keys(ids)),
  });
  await fc.assert(
    fc.asyncProperty(question, async ({ fun, tgt }) => {
      const arg = fun === 'cmd.run' ? ['true'] : fun === 'saltutil.find_job' ? ['20261126000000000000'] : [];
      const job = { op: 'job', tgt, fun, arg };
      const forms = [
        job,
        { ...job, async: true },
        { ...job, batch: { size: 1 } },
        { ...job, tgt: ids[tgt], tgt_type: 'list' },
        { ...job, tgt_type: 'compound' },
      ];
      const isPermitted = fun === 'saltutil.find_job' || (fun.startsWith('test.') && tgt === 'm1');
      const answers = await Promise.all(forms.map((form) => ask(form)));
      for (const [door, text] of answers.entries())
        expect(!refused(text), `${JSON.stringify(forms[door])}: ${text}`).toBe(isPermitted);
    }),
    { seed: 20261126, numRuns: 25 },
  );
});
