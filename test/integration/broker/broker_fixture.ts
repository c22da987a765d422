import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectNet, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type IClientOptions, MqttClient } from 'mqtt';
import { generate, type Packet as MqttPacket, parser } from 'mqtt-packet';
import { type Broker, createBroker } from '../../../broker/broker.ts';
import type {
  BrokerHandlers,
  BrokerLimits,
  IdentityStore,
  ListenerOptions,
  Received,
} from '../../../broker/broker_options.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  issueCertificate,
} from '../../../shared/crypto/certificate.ts';
import { createLogger } from '../../../shared/log.ts';
import type { Identity } from '../../../shared/protocol/access.ts';
import type { AnyMessage } from '../../../shared/protocol/message.ts';
import { messageTable } from '../../../shared/protocol/message_table.ts';
import { Inbox } from './inbox.ts';

const wideLimits: BrokerLimits = {
  packetBytesMax: 300 * 1024,
  connectPacketBytesMax: 4096,
  connectionsMax: 200,
  connectsPerSecond: 1000,
  publishesPerSecond: 1000,
  subscriptionsMax: 16,
  backlogBytesMax: 4 * 1024 * 1024,
  refusalsMax: 50,
};

export type PresenceNews =
  | { readonly kind: 'online'; readonly id: string; readonly address: string }
  | { readonly kind: 'offline'; readonly id: string };

export interface Keys {
  readonly certPem: string;
  readonly keyPem: string;
}

/** One message as a client got it. */
export interface Message {
  readonly topic: string;
  readonly text: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
}

export interface Client {
  readonly mqtt: MqttClient;
  readonly messages: Inbox<Message>;
  readonly socket: Socket;
}

export interface Setup {
  readonly limits?: Partial<BrokerLimits>;
  readonly identities?: Partial<IdentityStore>;
  readonly received?: BrokerHandlers['received'];
  readonly listeners?: (fixture: BrokerFixture) => ListenerOptions[];
  readonly table?: readonly AnyMessage[];
  readonly clock?: Partial<Clock>;
}

/** A broker with all its doors, in a directory of its own, and the ways to reach it. */
export class BrokerFixture {
  readonly directory: string;
  readonly ca: CertificateAuthority;
  readonly received = new Inbox<Received>();
  readonly presence = new Inbox<PresenceNews>();
  readonly subscribed = new Inbox<{ who: Identity; filter: string }>();
  readonly logged = new Inbox<string>();
  broker!: Broker;
  readonly #clients: Client[] = [];
  readonly #sockets: Socket[] = [];
  readonly #caKey: KeyObject;

  private constructor(directory: string) {
    this.directory = directory;
    this.#caKey = generateKeyPairSync('ed25519').privateKey;
    this.ca = createCertificateAuthority('fleet', this.#caKey, Date.now());
  }

  static async start(setup: Setup = {}): Promise<BrokerFixture> {
    const fixture = new BrokerFixture(await mkdtemp(join(tmpdir(), 'brine-broker-')));
    const clock = { ...systemClock, ...setup.clock };
    const log = createLogger([{ level: 'debug', format: 'text', write: (line) => fixture.logged.push(line) }], () =>
      clock.nowMs(),
    );
    fixture.broker = await createBroker({
      table: setup.table ?? messageTable,
      listeners: setup.listeners?.(fixture) ?? fixture.allDoors(),
      identities: {
        owner: 'root',
        isOperator: (user, password) => user === 'alice' && password === 'secret',
        isExternalOperator: () => undefined,
        isDevice: (id, password) => id === 'led1' && password === 'flashed',
        observerTopics: (name, password) =>
          name === 'dash' && password === 'board' ? ['salt/event/#', 'salt/presence/+'] : undefined,
        refuseMinion: () => undefined,
        ...setup.identities,
      },
      limits: { ...wideLimits, ...setup.limits },
      handlers: {
        received(received) {
          fixture.received.push(received);
          return setup.received?.(received);
        },
        online: (id, _since, address) => fixture.presence.push({ kind: 'online', id, address }),
        offline: (id) => fixture.presence.push({ kind: 'offline', id }),
        subscribed: (who, filter) => fixture.subscribed.push({ who, filter }),
      },
      clock,
      log,
    }).catch(async (error: unknown) => {
      await rm(fixture.directory, { recursive: true, force: true });
      throw error;
    });
    return fixture;
  }

  allDoors(): ListenerOptions[] {
    return [
      { kind: 'unix', path: this.socketPath, role: 'operator', mode: 0o600 },
      { kind: 'tcp', host: '127.0.0.1', port: 0, role: 'operator' },
      this.tlsDoor(),
    ];
  }

  tlsDoor(): ListenerOptions {
    const server = this.keys('salt-master', { usage: 'server' });
    return { kind: 'tls', host: '127.0.0.1', port: 0, ...server, caPem: this.ca.certPem };
  }

  get socketPath(): string {
    return join(this.directory, 'master.sock');
  }

  get tcpPort(): number {
    return portOf(this.broker.addresses[1]);
  }

  get tlsPort(): number {
    return portOf(this.broker.addresses[2]);
  }

  /** A fresh key and its certificate. */
  keys(
    commonName: string,
    options: { usage?: 'client' | 'server'; days?: number; nowMs?: number; ca?: CertificateAuthority } = {},
  ): Keys {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const certPem = issueCertificate({
      ca: options.ca ?? this.ca,
      publicKey,
      commonName,
      usage: options.usage ?? 'client',
      days: options.days ?? 1,
      nowMs: options.nowMs ?? Date.now(),
    });
    return { certPem, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  /** The owner, on the unix socket. */
  operator(options: IClientOptions = {}): Promise<Client> {
    return this.connect(() => connectNet(this.socketPath), options);
  }

  /** A minion with a certificate of its name. */
  minion(id: string, options: IClientOptions & { tls?: ConnectionOptions } = {}): Promise<Client> {
    const { tls, ...rest } = options;
    return this.connect(() => this.openTls(this.keys(id), tls), { clientId: id, ...rest });
  }

  /** A minion that is online: subscribed to its jobs. */
  async onlineMinion(id: string, options: IClientOptions = {}): Promise<Client> {
    const client = await this.minion(id, options);
    await client.mqtt.subscribeAsync(`salt/job/${id}/#`, { qos: 1 });
    return client;
  }

  openTls(keys?: Keys, options: ConnectionOptions = {}): Socket {
    return connectTls({
      host: '127.0.0.1',
      port: this.tlsPort,
      ca: this.ca.certPem,
      checkServerIdentity: () => undefined,
      ...(keys && { cert: keys.certPem, key: keys.keyPem }),
      ...options,
    });
  }

  /** Rejects with what the broker said in CONNACK, or when it hung up. */
  async connect(open: () => Socket, options: IClientOptions = {}): Promise<Client> {
    const socket = this.track(open());
    const mqtt = new MqttClient(() => socket, { reconnectPeriod: 0, writeCache: false, clientId: '', ...options });
    const client: Client = { mqtt, messages: new Inbox(), socket };
    this.#clients.push(client);
    mqtt.on('message', (topic, payload, { qos, retain }) =>
      client.messages.push({ topic, payload, text: payload.toString(), qos, retain }),
    );
    await new Promise<void>((resolve, reject) => {
      mqtt.once('connect', () => resolve());
      mqtt.once('error', reject);
      mqtt.once('close', () => reject(new Error('closed without an answer')));
    });
    // Later errors are seen as the end of the connection.
    mqtt.on('error', () => undefined);
    return client;
  }

  /** Nothing but bytes, to the plain TCP door or another one. */
  raw(open: () => Socket = () => connectNet(this.tcpPort, '127.0.0.1')): RawClient {
    return new RawClient(this.track(open()));
  }

  track(socket: Socket): Socket {
    this.#sockets.push(socket);
    return socket;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.mqtt.end(true);
    for (const socket of this.#sockets) socket.destroy();
    await this.broker.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A client that does what no library would. */
export class RawClient {
  readonly socket: Socket;
  readonly packets = new Inbox<MqttPacket>();
  readonly closed: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    const packetParser = parser();
    packetParser.on('packet', (packet: MqttPacket) => this.packets.push(packet));
    socket.on('data', (bytes) => packetParser.parse(bytes));
    // A reset is one of the ways in which the broker may hang up.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  write(...packets: MqttPacket[]): void {
    this.socket.write(Buffer.concat(packets.map((packet) => generate(packet))));
  }

  /** CONNECT as alice, an operator by password. */
  async connectAsOperator(clientId = 'raw'): Promise<void> {
    this.write({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean: true,
      keepalive: 0,
      username: 'alice',
      password: Buffer.from('secret'),
    });
    await this.packets.waitFor(({ cmd }) => cmd === 'connack');
  }
}

export function closedOf({ socket }: Client): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

function portOf(address: string | undefined): number {
  return Number(address?.split(':').at(-1));
}
