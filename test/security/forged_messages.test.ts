import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signJob } from '../../shared/crypto/job_signature.ts';
import { type Encoding, encodePayload } from '../../shared/protocol/codec.ts';
import { createGate } from '../support/gate_module.ts';
import { useHostileFleet } from '../support/hostile_fleet.ts';

const gate = createGate();
const hostile = useHostileFleet({ modules: { gate: gate.module } });
const UNKNOWN_JID = '20260101000000000000';

/** A job that runs on m1 while the attacker does what it does; resolves to its jid and to how it ended. */
async function runningJob(name: string) {
  const { fleet } = hostile();
  const steps = fleet.run('m1', 'gate.wait', [name]);
  await gate.entered.waitFor((entry) => entry === `m1 ${name}`);
  const { data } = await fleet.events.waitFor(
    ({ tag, data }) => tag.endsWith('/new') && JSON.stringify(data.arg) === JSON.stringify([name]),
  );
  return { jid: String(data.jid), steps };
}

const returned = (name: string) => expect.objectContaining({ t: 'ret', id: 'm1', return: `through ${name}` });

describe('a minion that speaks for another', () => {
  test.each([
    ['a return', (jid: string) => `salt/ret/${jid}`, { id: 'm1', return: 'forged' }],
    ['a return, long form', (jid: string) => `salt/ret/${jid}/m1`, { id: 'm1', return: 'forged' }],
    ['a return under its own topic', (jid: string) => `salt/ret/${jid}/evil`, { id: 'm1', return: 'forged' }],
    ['a rejection of its job', (jid: string) => `salt/ack/${jid}/m1`, { st: 'rej', reason: 'forged' }],
    ['progress', (jid: string) => `salt/ack/${jid}/m1`, { st: 'prog', data: 'forged' }],
    ['a part of its return', (jid: string) => `salt/ret/${jid}/m1/0`, 'forged'],
  ])(
    'is refused and told so, as is the operator, and the job ends as if nothing had been: %s',
    async (_what, topicOf, payload) => {
      const { refusals, expectUnharmed, evil, counters } = hostile();
      const name = `gate ${topicOf('x')} ${refusals.all.length}`;
      const { jid, steps } = await runningJob(name);
      const before = counters().publishes_refused_acl ?? 0;
      const attacker = await evil();
      const topic = topicOf(jid);
      await attacker.publish(topic, payload);
      expect(attacker.refusals).toEqual([expect.objectContaining({ topic, reason: 'acl' })]);
      const { text } = await refusals.waitFor((one) => one.text.includes(topic));
      expect(JSON.parse(text)).toMatchObject({ topic, reason: 'acl' });
      expect(counters().publishes_refused_acl).toBe(before + 1);
      await expectUnharmed();
      gate.open(name);
      expect(await steps).toContainEqual(returned(name));
    },
  );

  test.each<Encoding>(['cbor', 'json'])(
    'cannot put on what it says a signature that nobody checks (%s)',
    async (encoding) => {
      const { evil, expectUnharmed } = hostile();
      const attacker = await evil();
      const { privateKey } = generateKeyPairSync('ed25519');
      const payload = encodePayload({ id: 'evil', return: 'forged' }, encoding);
      const signed = await signJob({ payload, encoding, id: 'evil', kid: 'c0ffee12', privateKey });
      await attacker.publish(`salt/ret/${UNKNOWN_JID}`, Buffer.from(signed));
      expect(attacker.refusals).toEqual([
        expect.objectContaining({ reason: 'schema', message: 'the payload is signed, and only the master signs' }),
      ]);
      await expectUnharmed();
    },
  );

  test('cannot end the job of another with a return, a rejection or progress in its own name', async () => {
    const { fleet, evil, expectUnharmed } = hostile();
    const { jid, steps } = await runningJob('own name');
    const attacker = await evil();
    await attacker.publish(`salt/ack/${jid}/evil`, { st: 'run' });
    await attacker.publish(`salt/ack/${jid}/evil`, { st: 'prog', data: 'forged' });
    await attacker.publish(`salt/ack/${jid}/evil`, { st: 'rej', reason: 'forged' });
    await attacker.publish(`salt/ret/${jid}`, { id: 'evil', return: 'forged' });
    await attacker.publish(`salt/ret/${jid}/evil`, encodePayload({ id: 'evil', return: 'forged' }, 'cbor') as Buffer);
    await expectUnharmed();
    gate.open('own name');
    const all = await steps;
    expect(all).toContainEqual(returned('own name'));
    expect(JSON.stringify(all)).not.toContain('forged');
    expect(JSON.stringify(await fleet.call('runner', 'jobs.lookup_jid', [jid]))).not.toContain('forged');
    expect(fleet.events.all.filter(({ tag }) => tag.endsWith('/ret/evil') || tag.includes('/prog/evil'))).toEqual([]);
  });

  test('cannot take the place of a job with a return of its schedule', async () => {
    const { fleet, evil, expectUnharmed } = hostile();
    const { jid, steps } = await runningJob('scheduled');
    const attacker = await evil();
    const forged = { id: 'evil', fun: 'test.ping', return: 'forged', schedule: 'hourly' };
    for (const at of [jid, '99991231235959999999', '99999999999999999999', UNKNOWN_JID]) {
      await attacker.publish(`salt/ret/${at}`, forged);
    }
    gate.open('scheduled');
    expect(await steps).toContainEqual(returned('scheduled'));
    expect(JSON.stringify(await fleet.call('runner', 'jobs.lookup_jid', [jid]))).not.toContain('forged');
    const events = fleet.events.all.filter(({ tag, data }) => tag.endsWith('/ret/evil') && data.return === 'forged');
    expect(events.map(({ data }) => data.schedule)).toEqual(Array(4).fill('hourly'));
    expect(events.filter(({ data }) => data.jid === jid || String(data.jid) > '9')).toEqual([]);
    await expectUnharmed();
    const { data } = await fleet.events.waitFor(({ tag }) => tag.endsWith('/new'));
    expect(String(data.jid)).toMatch(/^20\d{18}$/);
  });

  test('is told that a job is not known when it returns one that nobody gave, and nothing is kept', async () => {
    const { fleet, evil, expectUnharmed } = hostile();
    const attacker = await evil();
    await attacker.publish(`salt/ret/${UNKNOWN_JID}`, { id: 'evil', return: 'made up' });
    expect(attacker.refusals).toEqual([]);
    await expectUnharmed();
    expect(fleet.events.all.filter(({ data }) => data.return === 'made up')).toEqual([]);
    expect(fleet.masterLog.all).toContainEqual(expect.stringContaining('a return of a job that is over or unknown'));
  });
});

describe('an event with a tag that is not its own', () => {
  test.each([
    'salt/minion/m1/start',
    'salt/beacon/m1/load/',
    'salt/job/20260101000000000000/ret/m1',
    'salt/job/20260101000000000000/new',
    'salt/key',
    'salt/auth',
    'salt/presence/change',
    'salt/run/20260101000000000000/new',
    'salt/wheel/x/ret',
    'salt/minion/evil/start/more',
    'minion/refresh/evil',
    'minion_start',
    'key',
    '$SYS/x',
  ])('is refused: %s', async (tag) => {
    const { fleet, refusals, evil, expectUnharmed } = hostile();
    const attacker = await evil();
    const from = fleet.events.all.length;
    await attacker.publish(`salt/fire/evil/${tag}`, { id: 'm1', fun: 'cmd.run' });
    expect(attacker.refusals).toEqual([expect.objectContaining({ reason: 'acl' })]);
    await refusals.waitFor(({ text }) => text.includes(tag.slice(0, 40)));
    await expectUnharmed();
    expect(fleet.events.all.slice(from).filter((event) => event.tag === tag && event.data.id === 'm1')).toEqual([]);
  });

  test.each([
    ['of another', 'salt/fire/m1/app/x'],
    ["on the master's bus itself", 'salt/event/app/x'],
    ['of an operator', 'salt/op/root/fire/app/x'],
    ['with an empty level', 'salt/fire/evil/salt//key'],
    ['of 13 levels', `salt/fire/evil/${'a/'.repeat(10)}b`],
  ])('is refused %s', async (_what, topic) => {
    const attacker = await hostile().evil();
    await attacker.publish(topic);
    expect(attacker.refusals).toEqual([expect.objectContaining({ topic, reason: 'acl' })]);
    await hostile().expectUnharmed();
  });

  test.each(['ѕalt/key', 'Salt/key', 'SALT/minion/m1/start', 'salt\u200b/key', 'sal\u0074\u0301/key'])(
    'looks like one of the master and is but a tag of its own: %j',
    async (tag) => {
      const { fleet, evil, expectUnharmed } = hostile();
      const attacker = await evil();
      await attacker.publish(`salt/fire/evil/${tag}`, { n: 1 });
      const event = await fleet.events.waitFor((one) => one.tag === tag);
      expect(event.data).toMatchObject({ id: 'evil', tag, data: { n: 1 } });
      await expectUnharmed();
    },
  );

  test.each([
    [
      'JSON',
      Buffer.from(
        '{"id":"m1","tag":"salt/key","cmd":"_return","__proto__":{"user":"root"},"constructor":1,"mark":"JSON"}',
      ),
    ],
    [
      'CBOR',
      encodePayload({ id: 'm1', tag: 'salt/key', cmd: '_return', constructor: 1, mark: 'CBOR' }, 'cbor') as Buffer,
    ],
  ])('is not made by members of its payload (%s)', async (encoding, payload) => {
    const { fleet, evil, expectUnharmed } = hostile();
    const attacker = await evil();
    await attacker.publish(`salt/fire/evil/app/${encoding}`, payload);
    const { data } = await fleet.events.waitFor(({ tag }) => tag === `app/${encoding}`);
    expect(data).toMatchObject({
      id: 'evil',
      tag: `app/${encoding}`,
      cmd: '_minion_event',
      data: { id: 'm1', mark: encoding },
    });
    await attacker.publish('salt/fire/evil/salt/minion/evil/start', payload);
    const start = await fleet.events.waitFor(
      (event) => event.tag === 'salt/minion/evil/start' && event.data.mark === encoding,
    );
    expect(start.data).toMatchObject({ id: 'evil', cmd: '_minion_event' });
    expect(({} as Readonly<Record<string, unknown>>).user).toBeUndefined();
    expect(Object.getPrototypeOf(start.data)).toBe(Object.prototype);
    await expectUnharmed();
  });
});
