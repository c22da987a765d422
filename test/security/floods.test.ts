import { once } from 'node:events';
import { connect as connectNet, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { generate } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { type Attacker, useHostileFleet } from '../support/hostile_fleet.ts';
import { until } from '../support/until.ts';

const hostile = useHostileFleet({ master: { max_publishes_per_second: 100, max_backlog_bytes: 1024 ** 2 } });

/** The plain TCP connection, before TLS. */
const openTcp = (): Socket => {
  const [host = '', port] = hostile().fleet.address().split(':');
  return connectNet(Number(port), host);
};
const CONNECT = generate({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  keepalive: 0,
  clientId: 'evil',
});

/** A byte a second, for as long as the other side wants them. */
function trickle(client: Attacker, bytes: Buffer): void {
  let index = 0;
  const timer = setInterval(() => client.socket.write(bytes.subarray(index, ++index)), 1000);
  void client.closed.then(() => clearInterval(timer));
}

describe('whoever is slow', () => {
  test('before it has said who it is, is cut off after ten seconds at every door, and others connect meanwhile', async () => {
    const { attacker, openEvil, openOperators, evil, expectUnharmed } = hostile();
    const silent = [openTcp, openEvil, openOperators].map((open) => attacker(open()));
    const slow = [openTcp, openEvil, openOperators].map((open) => attacker(open()));
    for (const client of slow) trickle(client, CONNECT);
    const begun = performance.now();
    await evil();
    await expectUnharmed();
    await Promise.all([...silent, ...slow].map(({ closed }) => closed));
    expect(performance.now() - begun).toBeLessThan(25_000);
    for (const client of [...silent, ...slow]) expect(client.packets.all).toEqual([]);
    await expectUnharmed();
  });

  test('but sends what it may, is served byte by byte', async () => {
    const { evil, fleet, expectUnharmed } = hostile();
    const minion = await evil();
    const packet = {
      cmd: 'publish',
      topic: 'salt/fire/evil/app/slow',
      payload: '{"n":1}',
      qos: 1,
      messageId: 7,
    } as const;
    for (const byte of generate({ ...packet, dup: false, retain: false })) {
      minion.socket.write(Buffer.from([byte]));
      await nextTurn();
    }
    await minion.packets.waitFor(({ cmd }) => cmd === 'puback');
    expect(fleet.events.all.filter(({ tag }) => tag === 'app/slow')).toHaveLength(1);
    await expectUnharmed();
  });

  test('and keeps a packet unfinished gets nothing out of it when it announced too much', async () => {
    const { evil, counters, expectUnharmed } = hostile();
    const before = counters().packets_too_large ?? 0;
    const minion = await evil();
    minion.socket.write(Buffer.from([0x32, 0x80, 0x80, 0x40]));
    await minion.closed;
    expect(counters().packets_too_large).toBe(before + 1);
    await expectUnharmed();
  });
});

describe('a flood', () => {
  test('of events is refused for its rate and ends with the connection; the events of others come through', async () => {
    const { evil, fleet, refusals, counters, expectUnharmed } = hostile();
    const minion = await evil();
    const told = refusals.all.length;
    const begun = performance.now();
    for (let n = 0; n < 5000; n++) minion.send(`salt/fire/evil/flood/${n}`, '{}', { qos: 0, messageId: undefined });
    await expectUnharmed();
    await minion.closed;
    const seconds = (performance.now() - begun) / 1000;
    expect(refusals.all.slice(told).some(({ text }) => text.includes('"reason":"rate"'))).toBe(true);
    expect(counters().publishes_refused_rate).toBeGreaterThanOrEqual(100);
    expect(fleet.masterLog.all).toContainEqual(expect.stringContaining('too many refused publishes client=evil'));
    expect(fleet.events.all.filter(({ tag }) => tag.startsWith('flood/')).length).toBeLessThan(501 + 100 * seconds);
    await fleet.run('m1', 'event.send', ['app/from_m1']);
    await fleet.events.waitFor(({ tag }) => tag === 'app/from_m1');
  });

  test('of refused publishes ends with the connection, whatever their quality of service', async () => {
    const { evil, fleet, expectUnharmed } = hostile();
    for (const qos of [0, 1, 2] as const) {
      const minion = await evil();
      const accepted = fleet.context().counters().publishes_refused_acl ?? 0;
      for (let n = 0; n < 3000; n++)
        minion.send('salt/job/m1', '{}', { qos, ...(qos === 0 && { messageId: undefined }) });
      await minion.closed;
      expect(Number(fleet.context().counters().publishes_refused_acl) - accepted).toBeLessThanOrEqual(100);
    }
    await expectUnharmed();
  });

  test('of QoS 2 publishes that are never released is bounded', async () => {
    const { evil, fleet, expectUnharmed } = hostile();
    const minion = await evil();
    for (let n = 0; n < 200; n++) minion.send(`salt/fire/evil/unreleased/${n}`, '{}', { qos: 2 });
    await Promise.race([minion.closed, minion.settled()]);
    expect(fleet.events.all.filter(({ tag }) => tag.startsWith('unreleased/')).length).toBeLessThanOrEqual(200);
    await expectUnharmed();
  });

  test('of subscriptions is refused, and a minion that comes and goes by them makes few events', async () => {
    const { evil, fleet, counters, expectUnharmed } = hostile();
    const minion = await evil();
    const from = fleet.events.all.length;
    const before = counters().subscriptions_refused ?? 0;
    const subscriptions = [{ topic: 'salt/job/evil', qos: 1 as const }];
    const unsubscriptions = ['salt/job/evil'];
    for (let n = 1; n <= 2000; n++) {
      minion.write(
        { cmd: 'subscribe', messageId: n, subscriptions },
        { cmd: 'unsubscribe', messageId: n, unsubscriptions },
      );
    }
    await minion.packets.waitFor((packet) => packet.cmd === 'unsuback' && packet.messageId === 2000);
    expect(Number(counters().subscriptions_refused) - before).toBeGreaterThan(1900);
    const told = fleet.events.all.slice(from).filter(({ tag }) => tag === 'salt/presence/change');
    expect(told.length).toBeLessThan(100);
    await expectUnharmed();
  });
});

describe('a reader that is frozen', () => {
  /** Writes until the broker hangs up or takes no more. */
  async function pour(minion: Attacker, bytes: Buffer, times: number): Promise<void> {
    for (let n = 0; n < times && !minion.socket.destroyed; n++) {
      if (!minion.socket.write(bytes)) await Promise.race([once(minion.socket, 'drain'), minion.closed, nextTurn()]);
    }
  }

  test.each([
    ['pings', 40, generate({ cmd: 'pingreq' })],
    ['publishes that are refused', 40, generate(refused())],
    ['subscriptions', 5, generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 1 }] })],
  ])(
    'and floods the master with %s costs it no memory without end, and nobody else anything',
    async (_what, blocks, packet) => {
      const { evil, expectUnharmed } = hostile();
      const minion = await evil();
      minion.socket.pause();
      const before = process.memoryUsage().rss;
      const block = Buffer.concat(Array.from({ length: 4096 }, () => packet));
      await pour(minion, block, blocks);
      await expectUnharmed();
      expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 ** 2);
    },
  );

  function refused() {
    return { cmd: 'publish', topic: 'salt/x', payload: '', qos: 0, dup: false, retain: false } as const;
  }

  test('among operators is cut off with what waits for it, and the others hear everything', async () => {
    const { attacker, openOperators, counters, fleet, expectUnharmed } = hostile();
    const [frozen, healthy] = [attacker(openOperators()), attacker(openOperators())];
    for (const [index, one] of [frozen, healthy].entries()) {
      await one.connect(`reader${index}`);
      await one.subscribe('salt/event/#');
    }
    frozen.socket.pause();
    const before = counters().readers_too_slow ?? 0;
    const { bus } = fleet.context();
    const text = 'x'.repeat(16 * 1024);
    let sent = 0;
    const heard = (): number => healthy.got.filter(({ topic }) => topic.startsWith('salt/event/frozen/')).length;
    while (Number(counters().readers_too_slow) === before && sent < 3000) {
      for (let n = 0; n < 20; n++) bus.emit(`frozen/${sent++}`, { text });
      await healthy.packets.waitFor(() => heard() === sent);
    }
    expect(counters().readers_too_slow).toBe(before + 1);
    expect(heard()).toBe(sent);
    await expectUnharmed();
  });
});

// The last one: whoever comes after it has to wait.
test('a flood of connections is cut off at the door, and who is connected stays', async () => {
  const { attacker, counters, expectUnharmed, fleet, openOperators } = hostile();
  const before = counters().connections_over_limit ?? 0;
  const flood: ReturnType<typeof attacker>[] = [];
  let isOver = false;
  // Each makes way for the next: beyond its queue, the kernel would let all others wait for a second.
  const knock = (): void => {
    const one = attacker(openTcp());
    flood.push(one);
    one.socket.once('connect', () => !isOver && flood.length < 3000 && knock());
  };
  for (let n = 0; n < 50; n++) knock();
  await until('some are cut off', () => Number(counters().connections_over_limit) > before + 100);
  expect(fleet.masterLog.all).toContainEqual(expect.stringContaining('connectsPerSecond of 200 reached'));
  expect(await attacker(openOperators()).connect('me')).toBe(0);
  await expectUnharmed();
  isOver = true;
  for (const { socket } of flood) socket.destroy();
});
