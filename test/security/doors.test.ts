import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type Attacker, useHostileFleet } from '../support/hostile_fleet.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';
import { openDevice, type TestDevice } from '../support/test_device.ts';
import { until } from '../support/until.ts';

/** What the master does by itself is written by its owner; an event that causes it brings a text, and no more. */
const dir = makeTemporaryDir();
const reaction = join(dir.path, 'reactor/echo.sls');
mkdirSync(join(dir.path, 'reactor'));
writeFileSync(reaction, "say:\n  local.test.echo:\n    - tgt: m1\n    - arg: [{{ data['data']['text'] | json }}]\n");
afterAll(() => dir.remove());

const hostile = useHostileFleet({
  minions: ['m2'],
  master: {
    tcp_interface: '127.0.0.1',
    tcp_port: 0,
    publisher_acl: {
      alice: [{ m1: ['test.*'] }, { '@runner': ['event.send'] }],
      bob: [],
      carol: ['test.ping', 'test.echo', 'schedule.add'],
    },
    peer: { evil: [{ m1: ['test\\.ping', 'test\\.try', 'test\\.cross_test'] }] },
    reactor: [{ 'app/say/*': [reaction] }],
    schedule: { up: { function: 'manage.up', seconds: 1 } },
  },
});

type Asker = 'alice' | 'bob' | 'carol' | 'evil';
interface Question {
  readonly asker: Asker;
  readonly fun: string;
  readonly tgt: string;
}

/** The rules above in other words. */
function isPermitted({ asker, fun, tgt }: Question): boolean {
  if (asker === 'alice') return fun.startsWith('test.') && tgt === 'm1';
  if (asker === 'carol') return ['test.ping', 'test.echo', 'schedule.add'].includes(fun);
  return asker === 'evil' && ['test.ping', 'test.try', 'test.cross_test'].includes(fun) && tgt === 'm1';
}

type Call = Readonly<Record<string, unknown>> & { readonly fun: string };
const argOf = (fun: string): readonly unknown[] => (fun === 'test.ping' ? [] : ['true']);
/** By the way to have a function called: itself, or by another one. */
const ways: Readonly<Record<string, (fun: string) => Call>> = {
  plain: (fun) => ({ fun, arg: argOf(fun) }),
  'test.try': (fun) => ({ fun: 'test.try', arg: [fun], kwarg: fun === 'test.echo' ? { text: 'true' } : {} }),
  'test.cross_test': (fun) => ({ fun: 'test.cross_test', arg: [fun, argOf(fun)] }),
  'schedule.add': (fun) => ({
    fun: 'schedule.add',
    arg: ['later'],
    kwarg: { function: fun, job_args: argOf(fun), seconds: 60, test: true },
  }),
};
/** By the way to ask; a minion has one. */
const forms: Readonly<Record<string, object>> = {
  waited: { async: false },
  async: { async: true },
  batch: { batch: { size: 1 } },
  list: { tgt_type: 'list' },
};

const clients: TestDevice[] = [];
const operators = new Map<string, TestDevice>();
afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  operators.clear();
});

async function operator(name: string): Promise<TestDevice> {
  const known = operators.get(name);
  if (known !== undefined) return known;
  const { fleet } = hostile();
  const password = String(await fleet.call('runner', 'operators.add', [name]));
  const client = openDevice(fleet, { id: name, password, hmac_key: '' });
  clients.push(client);
  operators.set(name, client);
  expect(await client.login(password, { clientId: `${name}-1` })).toBe(0);
  await client.subscribe(`salt/op/${name}/rsp/#`);
  return client;
}

let count = 0;
async function askAsOperator(name: string, request: object): Promise<string> {
  const client = await operator(name);
  const c = `q${++count}`;
  client.publish(`salt/op/${name}/req/${c}`, { gather: true, ...request }, 1);
  const { payload } = await client.next(({ topic }) => topic === `salt/op/${name}/rsp/${c}`);
  return payload.toString();
}

async function askAsPeer(evil: Attacker, request: object): Promise<string> {
  const c = `p${++count}`;
  await evil.publish('salt/req/evil/publish', { c, timeout: 20, ...request });
  const isAnswer = ({ topic }: { readonly topic: string }): boolean => topic === `salt/job/evil/rsp/${c}`;
  await evil.packets.waitFor((packet) => packet.cmd === 'publish' && isAnswer(packet));
  return evil.got.find(isAnswer)?.text ?? '';
}

async function connectEvil(): Promise<Attacker> {
  const evil = await hostile().evil();
  await evil.publish('salt/info/evil', { v: 1, version: 'x', max_packet: 262144, window: 1, enc: 'json' }, true);
  await evil.subscribe('salt/job/evil/#');
  return evil;
}

const refused = (text: string): boolean => text.includes('NOT_PERMITTED');
const jobsOf = (user: string) =>
  hostile()
    .fleet.events.all.filter(({ tag, data }) => /^salt\/job\/\d+\/new$/.test(tag) && data.user === user)
    .map(({ data }) => data);

test('what is refused at one door is refused at every other, whoever calls the function in the end', async () => {
  const evil = await connectEvil();
  const question = fc.record({
    asker: fc.constantFrom<Asker>('alice', 'bob', 'carol', 'evil'),
    fun: fc.constantFrom('test.ping', 'test.echo', 'test.true', 'cmd.run'),
    tgt: fc.constantFrom('m1', 'm2'),
    way: fc.constantFrom(...Object.keys(ways)),
    form: fc.constantFrom(...Object.keys(forms)),
  });
  await fc.assert(
    fc.asyncProperty(question, async ({ way, form, ...asked }) => {
      const call = (ways[way] as (typeof ways)[string])(asked.fun);
      const { asker, tgt } = asked;
      const answer =
        asker === 'evil'
          ? await askAsPeer(evil, { op: 'publish', tgt, ...call })
          : await askAsOperator(asker, { op: 'job', tgt, ...call, ...forms[form] });
      const expected = isPermitted(asked) && isPermitted({ ...asked, fun: call.fun });
      expect(!refused(answer), answer).toBe(expected);
    }),
    { seed: 20261126, numRuns: 60 },
  );
  for (const asker of ['alice', 'bob', 'carol', 'evil'] as const) {
    const made = jobsOf(asker === 'evil' ? 'minion evil' : asker);
    expect(made.length > 0, asker).toBe(asker !== 'bob');
    for (const { fun, minions } of made) {
      for (const tgt of minions as string[]) expect(isPermitted({ asker, fun: String(fun), tgt })).toBe(true);
    }
  }
  await hostile().expectUnharmed();
});

test('an event causes what the owner of the master wrote, for whom may fire it, and nothing that it says', async () => {
  const { fleet, expectUnharmed } = hostile();
  const evil = await connectEvil();
  const before = jobsOf('Reactor').length;
  const expected: string[] = [];
  const injection = fc.constantFrom(
    ']\n  local.cmd.run:\n    - tgt: "*"\n    - arg: [id',
    '"]\nx:\n  wheel.key.accept: [{match: "*"}]\n#',
    "{{ salt['saltutil.runner']('manage.up') }}",
    '{% set data = 1 %}\\"',
  );
  const firing = fc.record({
    who: fc.constantFrom<Asker>('alice', 'bob', 'evil'),
    tag: fc.constantFrom('app/say/x', 'app/other', 'salt/job/20261126000000000000/ret/m1', 'minion/m1/start'),
    text: fc.oneof(injection, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })),
  });
  await fc.assert(
    fc.asyncProperty(firing, async ({ who, tag, text }) => {
      const data = { text, tgt: '*', fun: 'cmd.run', arg: ['id'] };
      if (who === 'evil') await evil.publish(`salt/fire/evil/${tag}`, data);
      else await askAsOperator(who, { op: 'runner', fun: 'event.send', arg: [tag, data] });
      if (who !== 'bob' && tag.startsWith('app/say/')) expected.push(text);
    }),
    { seed: 20261126, numRuns: 60 },
  );
  await until('the reactor is through', () => {
    const { lag, in_flight: inFlight } = fleet.context().reactor.status();
    return lag === 0 && inFlight === 0 && jobsOf('Reactor').length >= before + expected.length;
  });
  const reactions = jobsOf('Reactor').slice(before);
  expect(expected.length).toBeGreaterThan(5);
  expect(reactions.map(({ fun, minions, arg }) => ({ fun, minions, arg }))).toEqual(
    expected.map((text) => ({ fun: 'test.echo', minions: ['m1'], arg: [text] })),
  );
  const calls = fleet.events.all.filter(
    ({ tag, data }) => /^salt\/(run|wheel)\/\d+\/new$/.test(tag) && data.user === 'Reactor',
  );
  expect(calls).toEqual([]);
  await expectUnharmed();
});

test('the schedule of the master is that of its configuration, whoever asks for another', async () => {
  const { fleet, refusals, expectUnharmed } = hostile();
  const evil = await connectEvil();
  const item = { function: 'wheel.key.accept', args: ['*'], seconds: 1 };
  for (const tag of ['manage_schedule', 'salt/schedule/add', 'schedule/add']) {
    await evil.publish(`salt/fire/evil/${tag}`, { func: 'add', name: 'evil', schedule: item });
  }
  await refusals.waitFor(({ text }) => text.includes('salt/fire/evil/manage_schedule'));
  for (const op of ['runner', 'wheel'] as const) {
    await expect(fleet.call(op, 'schedule.add', ['evil'], item)).rejects.toThrow('is not available');
  }
  await askAsOperator('alice', { op: 'runner', fun: 'event.send', arg: ['manage_schedule', { func: 'add', ...item }] });
  const from = fleet.events.all.length;
  const ofSchedule = () => fleet.events.all.filter(({ tag, data }) => tag.endsWith('/new') && data.user === 'Schedule');
  await fleet.events.waitFor((event) => fleet.events.all.indexOf(event) >= from && ofSchedule().includes(event));
  expect(new Set(ofSchedule().map(({ data }) => data.fun))).toEqual(new Set(['runner.manage.up']));
  await expectUnharmed();
});
