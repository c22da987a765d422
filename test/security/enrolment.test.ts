import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCsr } from '../../shared/crypto/certificate.ts';
import { fingerprintOf } from '../../shared/crypto/fingerprint.ts';
import { type Attacker, useHostileFleet } from '../support/hostile_fleet.ts';

const hostile = useHostileFleet({ master: { max_connections: 200 } });
const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/** A client that waits for enrolment with its key. */
async function stranger(key: KeyObject): Promise<Attacker> {
  const client = hostile().attacker(hostile().openTls());
  expect(await client.connect(fingerprintOf(key))).toBe(0);
  await client.subscribe(`salt/enroll/${fingerprintOf(key)}/rsp`);
  return client;
}

const topicOf = (key: KeyObject): string => `salt/enroll/${fingerprintOf(key)}`;
const answers = (client: Attacker) =>
  client.got.filter(({ topic }) => topic.endsWith('/rsp')).map(({ text }) => JSON.parse(text) as { st: string });
const keyFiles = (): readonly string[] =>
  readdirSync(join(hostile().fleet.directory, 'master/etc/salt/pki/master'), { recursive: true }).map(String).sort();

test.each([
  ...['../x', '..', '.', '.hidden', 'a/b', '/etc/passwd', 'x\u0000', 'x\n', 'x y', '', ' ', '-x', '_x', 'x'.repeat(64)],
  ...['ｍ1', 'м1', 'm1\u200b', 'm\u0131', '+', '#', '*', 'm[1]', '$SYS', '%2e%2e', '..\\x', 'COM1:', 'é'],
])('an id that is no id is refused and leaves no file: %j', async (id) => {
  const { refusals, expectUnharmed } = hostile();
  const key = newKey();
  const client = await stranger(key);
  const before = keyFiles();
  const told = refusals.all.length;
  await client.publish(topicOf(key), { id, csr: createCsr(key, 'fine') });
  const { text } = await refusals.waitFor((message) => refusals.all.indexOf(message) >= told);
  expect(JSON.parse(text)).toMatchObject({ topic: topicOf(key).slice(0, 64), reason: 'schema' });
  expect(keyFiles()).toEqual(before);
  expect(answers(client)).toEqual([]);
  await expectUnharmed();
});

test.each([
  ['the id of another', () => 'm1', (key: KeyObject) => createCsr(key, 'm1'), 'denied'],
  ['another id than its request', () => 'fine', (key: KeyObject) => createCsr(key, 'm1'), 'invalid'],
  ['the request of another key', () => 'fine', () => createCsr(newKey(), 'fine'), 'invalid'],
  [
    'a request that was changed',
    () => 'fine',
    (key: KeyObject) => createCsr(key, 'fine').replace('MI', 'MJ'),
    'invalid',
  ],
  ['a certificate for a request', () => 'fine', () => hostile().keysOf('m1').cert, 'invalid'],
])('whoever offers %s is told so and gets no certificate', async (_what, idOf, csrOf, st) => {
  const { fleet, expectUnharmed } = hostile();
  const key = newKey();
  const client = await stranger(key);
  await client.publish(topicOf(key), { id: idOf(), csr: csrOf(key) });
  await client.packets.waitFor(() => answers(client).length > 0);
  expect(answers(client)).toEqual([expect.objectContaining({ st })]);
  expect(answers(client)[0]).not.toHaveProperty('cert');
  await fleet.events.waitFor(({ tag, data }) => tag === 'salt/auth' && data.id === idOf() && data.result === false);
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: expect.arrayContaining(['m1', 'evil']) });
  await expectUnharmed();
});

test('a token that is guessed, empty or of JavaScript lets nobody in', async () => {
  const { fleet, expectUnharmed } = hostile();
  const client = await stranger(newKey());
  const key = newKey();
  const guesses = ['', '0', 'null', '__proto__', 'A'.repeat(32), '*', '\u0000'];
  const guessing = await stranger(key);
  for (const token of guesses.slice(0, 4)) {
    await guessing.publish(topicOf(key), { id: 'm1', csr: createCsr(key, 'm1'), token });
  }
  await guessing.packets.waitFor(() => answers(guessing).length === 4);
  expect(answers(guessing).map(({ st }) => st)).toEqual(Array(4).fill('denied'));
  expect(client.got).toEqual([]);
  expect(await fleet.call('wheel', 'key.list_all')).toMatchObject({ minions: ['evil', 'm1'] });
  await expectUnharmed();
});

test('a flood of offers is refused for its rate, is told by few events, and keeps nobody else from enrolling', async () => {
  const { fleet, counters, expectUnharmed } = hostile();
  const key = newKey();
  const from = fleet.events.all.length;
  const before = counters().publishes_refused_rate ?? 0;
  const flooding = await Promise.all(Array.from({ length: 5 }, () => stranger(key)));
  const offer = { id: 'm1', csr: createCsr(key, 'm1') };
  for (const client of flooding) for (let n = 0; n < 200; n++) client.send(topicOf(key), offer);
  await Promise.all(flooding.map(({ closed }) => closed));
  expect(Number(counters().publishes_refused_rate) - before).toBeGreaterThanOrEqual(500);
  await fleet.startMinion('newcomer');
  await expectUnharmed();
  const told = fleet.events.all.slice(from).filter(({ tag, data }) => tag === 'salt/auth' && data.id === 'm1');
  expect(told.length).toBeLessThan(200);
  await fleet.stopMinion('newcomer');
});

test('strangers that say nothing take up a tenth of the connections and no more', async () => {
  const { attacker, openTls, evil, expectUnharmed, fleet } = hostile();
  const fingerprint = 'ef'.repeat(32);
  const codes = await Promise.all(Array.from({ length: 30 }, () => attacker(openTls()).connect(fingerprint)));
  expect(codes.filter((code) => code === 3).length).toBeGreaterThanOrEqual(10);
  expect(fleet.masterLog.all).toContainEqual(expect.stringContaining('too many clients wait for enrolment'));
  await evil();
  await expectUnharmed();
});
