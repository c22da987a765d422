import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { generate, type Packet } from 'mqtt-packet';
import { Fire } from '../../shared/protocol/messages/event.ts';
import { type LoadResult, type LoadSettings, minionName, OPERATOR } from '../lib/load_settings.ts';
import { cpuMs } from '../lib/own_process.ts';
import { createPacketReader, readPublishId } from '../lib/packet_reader.ts';

/** Messages that are on their way at a time; of those that go to many, as many fewer. */
const AT_A_TIME = 1024;
const AT_LEAST = 16;
const LAST_ONES_MS = 5000;
const MESSAGE_ID_MAX = 65_535;
/** A message as minions send them: 200 bytes with its topic, in CBOR. */
const EVENT = { data: { device: '/dev/vda1', mount: '/var', used: 91.5, note: 'x'.repeat(100) } };
const TAG = 'bench/disk';

const settings = JSON.parse(process.argv[2] ?? '') as LoadSettings;
const result = await load(settings);
process.stdout.write(JSON.stringify(result));
process.exit(0);

/** Keeps the broker busy for a while: as soon as a message has arrived everywhere, another one is sent. */
async function load({ publishers, subscribers, qos, warmUpMs, windowMs, pid }: LoadSettings): Promise<LoadResult> {
  const most = Math.max(AT_LEAST, Math.floor(AT_A_TIME / subscribers));
  const share = Math.max(1, Math.floor(most / publishers));
  let [published, acknowledged, arrived] = [0, 0, 0];
  let [isOver, isDue, turn] = [false, false, 0];
  const underWay = (): number => published - Math.min(arrived / subscribers, qos === 0 ? published : acknowledged);

  const readers = await all(subscribers, (index) =>
    subscribe(index, qos, (count) => {
      arrived += count;
      fillSoon();
    }),
  );
  const writers = await all(publishers, (index) =>
    openPublisher(index, qos, (count) => {
      acknowledged += count;
      fillSoon();
    }),
  );
  /** Once for all that came in one turn of the event loop. */
  function fillSoon(): void {
    if (isDue || isOver) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      fill();
    });
  }
  function fill(): void {
    for (let free = Math.floor(most - underWay()); free > 0 && !isOver; ) {
      const count = Math.min(free, share);
      writers[turn++ % writers.length]!.publish(count);
      published += count;
      free -= count;
    }
  }

  fill();
  await pause(warmUpMs);
  // A broker that has yet to compile what it runs may take longer than that.
  while (arrived < most * subscribers) await pause(1);
  const before = { ms: performance.now(), arrived, broker: cpuMs(pid), own: process.cpuUsage() };
  await pause(windowMs);
  while (arrived === before.arrived) await pause(1);
  const [ms, count] = [performance.now() - before.ms, arrived - before.arrived];
  const brokerUs = ((cpuMs(pid) - before.broker) * 1000) / count;
  const own = process.cpuUsage(before.own);
  isOver = true;
  for (const until = performance.now() + LAST_ONES_MS; underWay() > 0 && performance.now() < until; ) await pause(1);
  for (const { socket } of [...readers, ...writers]) socket.destroy();
  return {
    perSecond: (count / ms) * 1000,
    brokerUs,
    loadShare: (own.user + own.system) / 1000 / ms,
    missing: published * subscribers - arrived,
  };
}

/** An operator: name and password, no TLS. Calls `heard` with how many messages came at once. */
async function subscribe(index: number, qos: 0 | 1, heard: (count: number) => void): Promise<{ socket: Socket }> {
  const socket = connect({ host: '127.0.0.1', port: settings.tcpPort, noDelay: true });
  const { name: username, password } = OPERATOR;
  await enter(socket, 'connect', { clientId: `${username}-${index}`, username, password: Buffer.from(password) });
  socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'salt/fire/#', qos }] }));
  await once(socket, 'data');
  const acknowledge = createAcknowledger(socket);
  const read = createPacketReader('publish', (bytes, start) => {
    if (qos === 1) acknowledge.note(readPublishId(bytes, start));
  });
  socket.on('data', (bytes) => {
    const count = read(bytes);
    acknowledge.flush();
    if (count > 0) heard(count);
  });
  return { socket };
}

/** PUBACKs of what was read at once go out at once. */
function createAcknowledger(socket: Socket) {
  let ids: number[] = [];
  return {
    note: (id: number): void => void ids.push(id),
    flush(): void {
      if (ids.length === 0) return;
      const bytes = Buffer.allocUnsafe(4 * ids.length);
      for (const [index, id] of ids.entries()) bytes.writeUInt32BE(0x4002_0000 + id, 4 * index);
      socket.write(bytes);
      ids = [];
    },
  };
}

/** A minion: a certificate, TLS. Calls `acknowledged` with how many PUBACKs came at once. */
async function openPublisher(index: number, qos: 0 | 1, acknowledged: (count: number) => void) {
  const { folder, tlsPort } = settings;
  const id = minionName(index);
  const pem = (name: string): Buffer => readFileSync(join(folder, `${name}.pem`));
  const keys = { key: pem('minion.key'), cert: pem(id), ca: pem('ca') };
  const socket = connectTls({ host: '127.0.0.1', port: tlsPort, ...keys, checkServerIdentity: () => undefined });
  socket.setNoDelay(true);
  await enter(socket, 'secureConnect', { clientId: id });
  const read = createPacketReader('puback');
  socket.on('data', (bytes) => {
    const count = read(bytes);
    if (count > 0) acknowledged(count);
  });
  const { topic, payload } = Fire.encode({ id, tag: TAG }, EVENT);
  const packet = generate({
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos,
    messageId: 1,
    dup: false,
    retain: false,
  });
  const idAt = packet.length - payload.length - 2;
  let last = 0;
  return {
    socket,
    publish(count: number): void {
      const bytes = Buffer.allocUnsafe(count * packet.length);
      for (let at = 0; at < bytes.length; at += packet.length) {
        packet.copy(bytes, at);
        if (qos === 0) continue;
        last = (last % MESSAGE_ID_MAX) + 1;
        bytes.writeUInt16BE(last, at + idAt);
      }
      socket.write(bytes);
    },
  };
}

/** Resolves at CONNACK; a connection that ends later ends all of it. */
async function enter(socket: Socket, opened: string, who: Partial<Extract<Packet, { cmd: 'connect' }>>): Promise<void> {
  socket.once('close', () => fail(`the connection of ${who.clientId} was closed`));
  socket.once('error', (error) => fail(`the connection of ${who.clientId}: ${error.message}`));
  await once(socket, opened);
  const connect = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0 } as const;
  socket.write(generate({ ...connect, clientId: '', ...who }));
  const [connack] = (await once(socket, 'data')) as [Buffer];
  if (connack[3] !== 0) fail(`${who.clientId} was refused with ${connack[3]}`);
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

async function all<T>(count: number, open: (index: number) => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  for (let index = 0; index < count; index++) opened.push(await open(index));
  return opened;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
