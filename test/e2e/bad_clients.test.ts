import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect as connectNet, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { Packet } from 'mqtt-packet';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCsr } from '../../shared/crypto/certificate.ts';
import { fingerprintOf } from '../../shared/crypto/fingerprint.ts';
import { RawClient } from '../integration/broker/broker_fixture.ts';
import { useProcesses } from '../support/fleet_processes.ts';
import { watchTopics } from '../support/watch_topics.ts';

/** `m1` must not notice anything; `evil` is an accepted minion whose key the test has. */
const fleet = useProcesses({ minions: ['m1', 'evil'] });
let evilKey: { readonly key: string; readonly cert: string };

beforeAll(async () => {
  await fleet().minion('evil').stop();
  const pem = (name: string) => readFileSync(fleet().file('evil', 'pki', name), 'utf8');
  evilKey = { key: pem('minion.pem'), cert: pem('minion.crt') };
});

const openTls = (keys = {}): Socket =>
  connectTls({ host: '127.0.0.1', port: fleet().ports.tls, rejectUnauthorized: false, ...keys });

/** Every door of the master and of a minion, before anybody said who he is. */
const doors: Readonly<Record<string, () => Socket>> = {
  'the unix socket of the master': () => connectNet(fleet().operatorSocket),
  'the TCP port of the master': () => connectNet(fleet().ports.tcp, '127.0.0.1'),
  'the TLS port of the master, before TLS': () => connectNet(fleet().ports.tls, '127.0.0.1'),
  'the TLS port of the master': () => openTls(),
  'the TLS port of the master, with the key of a minion': () => openTls(evilKey),
  'the unix socket of a minion': () => connectNet(fleet().localSocket('m1')),
};

/** The longest length that an MQTT header can announce: 256 MB. */
const LONGEST = [0xff, 0xff, 0xff, 0x7f];
const garbage: Readonly<Record<string, Buffer>> = {
  'a request of the web': Buffer.from('GET / HTTP/1.1\r\nHost: salt\r\n\r\n'),
  zeros: Buffer.alloc(2000),
  ones: Buffer.alloc(2000, 0xff),
  'CONNECT of 256 MB': Buffer.from([0x10, ...LONGEST]),
  'PUBLISH of 256 MB': Buffer.from([0x30, ...LONGEST]),
  'a length without end': Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff]),
};

async function connected(socket: Socket, options: { clientId: string; username?: string }): Promise<RawClient> {
  const client = new RawClient(socket);
  client.write({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60, ...options });
  await client.packets.waitFor(({ cmd }) => cmd === 'connack');
  return client;
}

const returnCodeOf = (client: RawClient): number | undefined => {
  const connack = client.packets.all.find(({ cmd }) => cmd === 'connack');
  return (connack as { readonly returnCode?: number } | undefined)?.returnCode;
};

describe.each(Object.keys(doors))('at %s', (door) => {
  const open = (): Socket => (doors[door] as () => Socket)();

  it('whoever sends what is not MQTT, or announces 256 MB, is cut off, and the daemons go on', async () => {
    for (const [what, bytes] of Object.entries(garbage)) {
      const client = new RawClient(open());
      client.socket.write(bytes);
      await client.closed;
      expect(client.packets.all, what).toEqual([]);
    }
    await fleet().expectPing();
  });
});

describe('an id with /../', () => {
  it.each([
    ['an operator', () => connectNet(fleet().operatorSocket)],
    ['a client that wants to be enrolled', () => openTls()],
    ['a minion', () => openTls(evilKey)],
    ['a local client', () => connectNet(fleet().localSocket('m1'))],
  ])('is refused when %s connects', async (_who, open) => {
    for (const clientId of ['../../etc/passwd', 'a/../b', '..']) {
      const client = await connected(open(), { clientId });
      expect(returnCodeOf(client), clientId).toBe(2);
      await client.closed;
    }
  });

  it('is refused when it is enrolled, and no file is made', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const client = await enrolling(privateKey);
    const { messages, connection } = await watchTopics(fleet().operatorSocket, ['salt/err/#']);
    const before = allFiles();
    client.write(offer(privateKey, { id: '../../evil', csr: createCsr(privateKey, '../../evil') }));
    const { text } = await messages.waitFor(({ topic }) => topic.startsWith('salt/err/'));
    expect(JSON.parse(text)).toMatchObject({ reason: 'schema' });
    expect(allFiles()).toEqual(before);
    expect(existsSync(fleet().file('master', 'pki', 'evil'))).toBe(false);
    client.socket.destroy();
    await connection.close();
  });

  it('is refused in the request of an offer that has a good one', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const client = await enrolling(privateKey);
    client.write({
      cmd: 'subscribe',
      messageId: 2,
      subscriptions: [{ topic: `salt/enroll/${fingerprintOf(privateKey)}/rsp`, qos: 1 }],
    });
    client.write(offer(privateKey, { id: 'fine', csr: createCsr(privateKey, '../../fine') }));
    const answer = await client.packets.waitFor(({ cmd }) => cmd === 'publish');
    expect(JSON.parse(String((answer as { payload: Buffer }).payload))).toMatchObject({ st: 'invalid' });
    client.socket.destroy();
    await fleet().expectPing();
  });
});

function enrolling(privateKey: KeyObject): Promise<RawClient> {
  return connected(openTls(), { clientId: fingerprintOf(privateKey) });
}

function offer(privateKey: KeyObject, payload: object): Packet {
  return publish(`salt/enroll/${fingerprintOf(privateKey)}`, Buffer.from(JSON.stringify(payload)));
}

function publish(topic: string, payload: Buffer): Packet {
  return { cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: 1 };
}

const allFiles = (): readonly string[] =>
  readdirSync(fleet().file('master', 'pki'), { recursive: true }).map(String).sort();

/** What blows up a decoder that believes what it reads. */
const bombs: Readonly<Record<string, Buffer>> = {
  'arrays in arrays in arrays': Buffer.concat([Buffer.from([0xa1, 0x61, 0x61]), Buffer.alloc(100_000, 0x81)]),
  'an array of 2^63 items': Buffer.from([0xa1, 0x61, 0x61, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'a text of 4 GB': Buffer.from([0xa1, 0x61, 0x61, 0x7b, 0, 0, 0, 1, 0, 0, 0, 0]),
  'a number of 100 kB': Buffer.concat([
    Buffer.from([0xa1, 0x61, 0x61, 0xc2, 0x5a, 0, 1, 0x86, 0xa0]),
    Buffer.alloc(100_000, 0xff),
  ]),
  'a regular expression': Buffer.from([
    0xa1,
    0x61,
    0x61,
    0xd8,
    0x1b,
    0x83,
    0x66,
    ...Buffer.from('RegExp'),
    0x62,
    0x2e,
    0x2a,
    0x60,
  ]),
  'JSON in JSON in JSON': Buffer.from(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
};

describe('a payload that would blow up its decoder', () => {
  it.each(Object.keys(bombs))('is refused from a minion: %s', async (name) => {
    const { messages, connection } = await watchTopics(fleet().operatorSocket, ['salt/err/#']);
    const client = await connected(openTls(evilKey), { clientId: 'evil', username: 'evil' });
    const startedMs = performance.now();
    client.write(publish('salt/ret/20260101000000000000', bombs[name] as Buffer));
    const { text } = await messages.waitFor(({ topic }) => topic === 'salt/err/evil');
    expect(JSON.parse(text)).toMatchObject({ reason: 'schema' });
    expect(performance.now() - startedMs).toBeLessThan(2000);
    client.socket.destroy();
    await connection.close();
    await fleet().expectPing();
  });

  it('is refused from a client that nobody knows', async () => {
    const { messages, connection } = await watchTopics(fleet().operatorSocket, ['salt/err/#']);
    const { privateKey } = generateKeyPairSync('ed25519');
    const client = await enrolling(privateKey);
    for (const [index, payload] of Object.values(bombs).entries()) {
      client.write(publish(`salt/enroll/${fingerprintOf(privateKey)}`, payload));
      await messages.waitFor(() => messages.all.length > index);
    }
    client.socket.destroy();
    await connection.close();
    await fleet().expectPing();
  });

  it('is refused from an operator, and on the bus of a minion', async () => {
    const user = userInfo().username;
    for (const [path, topic] of [
      [fleet().operatorSocket, `salt/op/${user}/req/x`],
      [fleet().localSocket('m1'), '$local/x'],
    ] as const) {
      const client = await connected(connectNet(path), { clientId: 'bomber' });
      for (const [index, payload] of Object.values(bombs).entries()) {
        client.write(publish(topic, payload));
        await client.packets.waitFor(() => client.packets.all.filter(({ cmd }) => cmd === 'puback').length > index);
      }
      client.socket.destroy();
    }
    await fleet().expectPing();
  });
});

describe('an accepted minion', () => {
  it('that announces 256 MB is cut off', async () => {
    const client = await connected(openTls(evilKey), { clientId: 'evil' });
    expect(returnCodeOf(client)).toBe(0);
    client.socket.write(Buffer.from([0x30, ...LONGEST]));
    await client.closed;
    await fleet().expectPing();
  });

  it('cannot come under the name of another', async () => {
    const client = await connected(openTls(evilKey), { clientId: 'm1' });
    expect(returnCodeOf(client)).toBe(2);
    await client.closed;
  });
});

describe('the log of the master', () => {
  it('holds no stack after all this', async () => {
    await fleet().expectPing();
    expect(fleet().master().text()).not.toMatch(/\s+at \S.*:\d+:\d+\)?/);
    expect(fleet().master().text()).not.toMatch(/bug/);
    expect(fleet().minion('m1').text()).not.toMatch(/bug/);
  });
});
