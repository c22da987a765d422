import { readFileSync } from 'node:fs';
import { connect as connectNet, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { IConnectPacket, IPublishPacket, ISubackPacket } from 'mqtt-packet';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { OperatorStep } from '../../shared/client/operator_client.ts';
import { RawClient } from '../integration/broker/broker_fixture.ts';
import type { Inbox } from '../integration/broker/inbox.ts';
import { type FleetSetup, startFleet, type TestFleet } from './start_fleet.ts';
import { type TopicMessage, watchTopics } from './watch_topics.ts';

/** Which message was refused and why, as its sender and observers are told. */
export interface ToldRefusal {
  readonly topic: string;
  readonly reason: string;
  readonly message: string;
}

type Will = NonNullable<IConnectPacket['will']>;
interface AttackOptions {
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
  readonly will?: Will;
  readonly clean?: boolean;
}

/** A client that sends whatever it likes; it never rejects on what the broker answers. */
export class Attacker extends RawClient {
  #messageId = 0;

  /** CONNACK's return code; undefined when the broker hung up instead. */
  async connect(id: string, options: AttackOptions = {}): Promise<number | undefined> {
    const { password, ...rest } = options;
    this.write({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      clientId: id,
      ...(password !== undefined && { password: Buffer.from(password) }),
      ...rest,
    });
    const answer = await Promise.race([this.closed, this.packets.waitFor(({ cmd }) => cmd === 'connack')]);
    return (answer as { readonly returnCode?: number } | undefined)?.returnCode;
  }

  /** Resolves at PUBACK: whether it was refused is told before. Rejects when the broker hangs up. */
  async publish(topic: string, payload: string | Buffer | object = '{}', retain = false): Promise<void> {
    const messageId = this.send(topic, payload, { qos: 1, retain });
    const acknowledged = this.packets.waitFor((packet) => packet.cmd === 'puback' && packet.messageId === messageId);
    const isOver = this.closed.then(() => {
      throw new Error(`the broker hung up on a publish to ${topic}`);
    });
    await Promise.race([acknowledged, isOver]);
  }

  /** Does not wait. */
  send(topic: string, payload: string | Buffer | object, options: Partial<IPublishPacket> = {}): number {
    const messageId = ++this.#messageId;
    const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    this.write({ cmd: 'publish', topic, payload: bytes, qos: 1, dup: false, retain: false, messageId, ...options });
    return messageId;
  }

  /** SUBACK's codes: the granted QoS, or 128. */
  async subscribe(...filters: string[]): Promise<readonly unknown[]> {
    const messageId = ++this.#messageId;
    this.write({ cmd: 'subscribe', messageId, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) });
    const isAnswer = (packet: { cmd?: string; messageId?: number | undefined }): boolean =>
      packet.cmd === 'suback' && packet.messageId === messageId;
    return ((await this.packets.waitFor(isAnswer)) as ISubackPacket).granted as unknown[];
  }

  /** Whatever the broker had for it has come when this resolves. */
  async settled(): Promise<void> {
    const before = this.packets.all.length;
    this.write({ cmd: 'pingreq' });
    await this.packets.waitFor((packet) => packet.cmd === 'pingresp' && this.packets.all.indexOf(packet) >= before);
  }

  /** What was published to it, in order. */
  get got(): readonly { readonly topic: string; readonly text: string }[] {
    return this.packets.all
      .filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
      .map(({ topic, payload }) => ({ topic, text: payload.toString() }));
  }

  get refusals(): readonly ToldRefusal[] {
    return this.got.filter(({ topic }) => topic.startsWith('salt/err/')).map(({ text }) => JSON.parse(text));
  }
}

/** A fleet with a guest: `m1` must not notice anything; `evil` is an accepted minion whose key the test has. */
export interface HostileFleet {
  readonly fleet: TestFleet;
  /** `salt/err/#`, as an operator sees it. */
  readonly refusals: Inbox<TopicMessage>;
  /** TLS to the master, with the key of `evil`. */
  openEvil(): Socket;
  /** TLS to the master, without a certificate or with another one. */
  openTls(keys?: { readonly key: string; readonly cert: string }): Socket;
  /** The operators' unix socket. */
  openOperators(): Socket;
  /** `evil`, connected. */
  evil(options?: AttackOptions): Promise<Attacker>;
  attacker(socket: Socket): Attacker;
  keysOf(id: string): { readonly key: string; readonly cert: string };
  counters(): Readonly<Record<string, number>>;
  /** The well-behaved minion answers. */
  expectUnharmed(): Promise<void>;
}

/** One fleet for all tests of a file. */
export function useHostileFleet(setup: FleetSetup = {}): () => HostileFleet {
  let hostile: HostileFleet | undefined;
  let stop: (() => Promise<void>) | undefined;
  const attackers: Attacker[] = [];
  const endAttackers = async (): Promise<void> => {
    for (const { socket } of attackers) socket.destroy();
    await Promise.all(attackers.splice(0).map(({ closed }) => closed));
  };
  beforeAll(async () => {
    const fleet = await startFleet({ ...setup, minions: ['m1', 'evil', ...(setup.minions ?? [])] });
    await fleet.stopMinion('evil');
    const { messages, connection } = await watchTopics(socketOf(fleet), ['salt/err/#']);
    hostile = describeHostile(fleet, messages, attackers);
    stop = async () => {
      await connection.close();
      await fleet.stop();
    };
  });
  afterEach(endAttackers);
  afterAll(() => stop?.());
  return () => {
    if (hostile === undefined) throw new Error('the fleet is there from beforeAll on');
    return hostile;
  };
}

const socketOf = ({ directory }: TestFleet): string => join(directory, 'master/var/run/salt/master/operator.sock');

function describeHostile(fleet: TestFleet, refusals: Inbox<TopicMessage>, attackers: Attacker[]): HostileFleet {
  const [host = '', port] = fleet.address().split(':');
  const openTls: HostileFleet['openTls'] = (keys) =>
    connectTls({ host, port: Number(port), rejectUnauthorized: false, ...keys });
  const keysOf = (id: string) => {
    const read = (name: string): string => readFileSync(join(fleet.directory, id, 'etc/salt/pki/minion', name), 'utf8');
    return { key: read('minion.pem'), cert: read('minion.crt') };
  };
  const attacker = (socket: Socket): Attacker => {
    const one = new Attacker(socket);
    attackers.push(one);
    return one;
  };
  const openEvil = (): Socket => openTls(keysOf('evil'));
  return {
    fleet,
    refusals,
    openTls,
    openEvil,
    openOperators: () => connectNet(socketOf(fleet)),
    async evil(options) {
      const one = attacker(openEvil());
      expect(await one.connect('evil', options)).toBe(0);
      return one;
    },
    attacker,
    keysOf,
    counters: () => fleet.context().counters(),
    async expectUnharmed() {
      expect(returnOf(await fleet.run('m1', 'test.ping'), 'm1')).toBe(true);
    },
  };
}

/** What one minion returned. */
function returnOf(steps: readonly OperatorStep[], id: string): unknown {
  return steps.find((step) => step.t === 'ret' && step.id === id)?.return;
}
