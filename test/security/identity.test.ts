import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectNet } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createCertificateAuthority, issueCertificate } from '../../shared/crypto/certificate.ts';
import { useHostileFleet } from '../support/hostile_fleet.ts';
import { until } from '../support/until.ts';

const hostile = useHostileFleet({ master: { tcp_interface: '127.0.0.1', tcp_port: 0, max_connections: 200 } });
const DAY_MS = 86_400_000;
const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/** The master's own authority: what only it could issue. */
function masterAuthority() {
  const pki = join(hostile().fleet.directory, 'master/etc/salt/pki/master');
  const key = createPrivateKey(readFileSync(join(pki, 'master.pem')));
  return createCertificateAuthority('salt-master', key, Date.now(), readFileSync(join(pki, 'master.crt'), 'utf8'));
}

interface Forged {
  readonly key: KeyObject;
  readonly commonName: string;
  readonly ca?: ReturnType<typeof createCertificateAuthority>;
  readonly usage?: 'client' | 'server' | 'signing';
  readonly nowMs?: number;
}

function forge({ key, commonName, ca = masterAuthority(), usage = 'client', nowMs = Date.now() }: Forged) {
  const cert = issueCertificate({ ca, publicKey: createPublicKey(key), commonName, usage, days: 1, nowMs });
  return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
}

/** The return code of CONNACK, and the line in the log that says why. */
async function attempt(keys: { key: string; cert: string }, id: string) {
  const { attacker, openTls, fleet } = hostile();
  const lines = fleet.masterLog.all.length;
  const client = attacker(openTls(keys));
  const code = await client.connect(id, { username: id });
  await client.closed;
  return { code, log: fleet.masterLog.all.slice(lines).find((line) => line.includes('connection refused')) ?? '' };
}

describe('a certificate', () => {
  const stranger = createCertificateAuthority('salt-master', newKey(), Date.now());
  const evilKey = (): KeyObject => createPrivateKey(hostile().keysOf('evil').key);
  test.each<[string, () => Forged, string]>([
    ['of another authority of the same name', () => ({ key: evilKey(), commonName: 'm1', ca: stranger }), 'UNABLE_TO'],
    ['that expired', () => ({ key: evilKey(), commonName: 'evil', nowMs: Date.now() - 9 * DAY_MS }), 'EXPIRED'],
    [
      'that is not valid yet',
      () => ({ key: evilKey(), commonName: 'evil', nowMs: Date.now() + 9 * DAY_MS }),
      'NOT_YET',
    ],
    ['of a server', () => ({ key: evilKey(), commonName: 'evil', usage: 'server' }), 'PURPOSE'],
    ['of the key that signs', () => ({ key: evilKey(), commonName: 'evil', usage: 'signing' }), 'PURPOSE'],
    ['of the right authority for a key that is not accepted', () => ({ key: newKey(), commonName: 'evil' }), 'its key'],
    ['of the right authority for the key of another', () => ({ key: evilKey(), commonName: 'm1' }), 'its key'],
    ['for an id that nobody has', () => ({ key: evilKey(), commonName: 'm2' }), 'its key'],
  ])('%s is refused with a line that says why', async (_what, forged, reason) => {
    const { expectUnharmed, counters } = hostile();
    const before = counters().connections_refused ?? 0;
    const request = forged();
    const { code, log } = await attempt(forge(request), request.commonName);
    expect(code).toBe(5);
    expect(log).toContain(reason);
    expect(counters().connections_refused).toBe(before + 1);
    await expectUnharmed();
  });

  test.each([
    '../m1',
    'm1/../evil',
    'm1\u0000',
    'm1\n',
    'ｍ1',
    'м1',
    'm1/x',
    'evil\nCN=m1',
    ' m1',
    '+',
    '#',
    '$SYS',
    'M1',
    'x'.repeat(64),
  ])('with the name %j in it opens nothing', async (commonName) => {
    const { code } = await attempt(forge({ key: evilKey(), commonName }), commonName);
    expect([undefined, 2, 4, 5]).toContain(code);
    const { code: asOther } = await attempt(forge({ key: evilKey(), commonName }), 'm1');
    expect([undefined, 2, 5]).toContain(asOther);
    await hostile().expectUnharmed();
  });

  test('with two names is nobody', async () => {
    const { code } = await attempt(forge({ key: evilKey(), commonName: 'evil+CN=m1' }), 'm1');
    expect([2, 5]).toContain(code);
  });
});

describe('a connection under the name of another', () => {
  test.each([
    ['its client id', { clientId: 'm1' }, 2],
    ['its user name', { clientId: 'evil', username: 'm1' }, 4],
    ['its client id in other letters', { clientId: 'M1' }, 2],
    ['its client id with a look-alike letter', { clientId: 'м1' }, 2],
    ['none', { clientId: '' }, 2],
    ['its client id and NUL', { clientId: 'm1\u0000' }, 2],
  ])('is refused, whatever of it is given: %s', async (_what, options, code) => {
    const { attacker, openEvil, fleet, counters, expectUnharmed } = hostile();
    const takenOver = counters().connections_taken_over;
    const client = attacker(openEvil());
    expect(await client.connect(options.clientId, options)).toBe(code);
    await client.closed;
    expect(counters().connections_taken_over).toBe(takenOver);
    expect(fleet.context().fleet.isOnline('m1')).toBe(true);
    await expectUnharmed();
  });

  test('takes over nothing when an operator or a stranger has the client id of a minion', async () => {
    const { attacker, openOperators, openTls, counters, fleet, expectUnharmed } = hostile();
    const takenOver = counters().connections_taken_over;
    expect(await attacker(openOperators()).connect('m1')).toBe(0);
    expect(await attacker(openOperators()).connect('minion:m1#1')).toBe(0);
    expect(await attacker(openTls()).connect('m1')).toBe(2);
    expect(counters().connections_taken_over).toBe(takenOver);
    expect(fleet.context().fleet.isOnline('m1')).toBe(true);
    await expectUnharmed();
  });

  test('is refused to whoever has no password, or the name of something of JavaScript', async () => {
    const { attacker, fleet, expectUnharmed } = hostile();
    const port = Number(fleet.master().addresses[2]?.split(':').at(-1));
    const names = ['m1', 'root', 'constructor', '__proto__', 'toString', 'hasOwnProperty', '../x', 'a\u0000b', ''];
    for (const username of names) {
      for (const password of ['', '0'.repeat(64), 'undefined', '\u0000']) {
        const client = attacker(connectNet(port, '127.0.0.1'));
        expect([2, 4], `${username} ${password}`).toContain(await client.connect('x', { username, password }));
      }
    }
    await expectUnharmed();
  });
});

describe('a session', () => {
  test('is over when the key is deleted: nothing of it is heard, resumed or kept', async () => {
    const { evil, fleet, openEvil, attacker, keysOf, expectUnharmed } = hostile();
    const [host = '', port] = fleet.address().split(':');
    const open = (session?: Buffer): TLSSocket =>
      connectTls({
        host,
        port: Number(port),
        rejectUnauthorized: false,
        ...keysOf('evil'),
        ...(session && { session }),
      });
    const first = open();
    const ticket = new Promise<Buffer>((resolve) => first.once('session', resolve));
    const resumable = attacker(first);
    expect(await resumable.connect('evil', { clean: false })).toBe(0);
    await resumable.subscribe('salt/job/evil/#');
    const session = await ticket;
    const racing = Array.from({ length: 5 }, () => attacker(openEvil()));
    const deleted = fleet.call('wheel', 'key.reject', [['evil']], { include_accepted: true });
    const codes = await Promise.all(racing.map((client) => client.connect('evil')));
    await deleted;
    await Promise.all([resumable, ...racing].map(({ closed }) => closed));
    expect(codes.every((code) => code === undefined || code === 0 || code === 5)).toBe(true);
    for (const socket of [open(session), open()]) {
      const again = attacker(socket);
      expect(await again.connect('evil', { clean: false })).toBe(5);
      await again.closed;
      expect(again.got).toEqual([]);
    }
    await until('nobody is there under that name', () => !fleet.context().fleet.isOnline('evil'));
    await expectUnharmed();
    await fleet.call('wheel', 'key.accept', [['evil']], { include_rejected: true });
    const back = await evil({ clean: false });
    await back.settled();
    expect(back.got).toEqual([]);
  });

  test('has no use to whoever takes the place of its minion within the same connection', async () => {
    const { evil, expectUnharmed, counters } = hostile();
    const before = counters().protocol_errors ?? 0;
    const minion = await evil();
    minion.write({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, clientId: 'm1' });
    await minion.closed;
    expect(counters().protocol_errors).toBe(before + 1);
    await expectUnharmed();
  });

  test('that its own minion takes over again and again leaves one connection and disturbs nobody', async () => {
    const { evil, counters, expectUnharmed } = hostile();
    const open = counters().connections_open ?? 0;
    const all = [];
    for (let n = 0; n < 20; n++) all.push(await evil());
    await Promise.all(all.slice(0, -1).map(({ closed }) => closed));
    await until('the others are gone', () => Number(counters().connections_open) <= open + 1);
    await expectUnharmed();
  });
});
