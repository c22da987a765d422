import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { generate, type IConnectPacket, type IPublishPacket } from 'mqtt-packet';
import { RawClient } from '../integration/broker/broker_fixture.ts';
import type { TestFleet } from './start_fleet.ts';

export interface AddedTestDevice {
  readonly id: string;
  readonly password: string;
  readonly hmac_key: string;
}

/** A constrained minion as small as MQTT allows, that sees every byte. */
export class TestDevice extends RawClient {
  readonly id: string;
  readonly #key: Buffer;

  constructor(socket: ReturnType<typeof connect>, { id, hmac_key: key = '' }: AddedTestDevice) {
    super(socket);
    this.id = id;
    this.#key = Buffer.from(key, 'hex');
  }

  /** CONNACK's return code. */
  async login(password: string, options: Partial<IConnectPacket> = {}): Promise<number | undefined> {
    this.write({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      clientId: this.id,
      username: this.id,
      password: Buffer.from(password),
      ...options,
    } as IConnectPacket);
    const answer = await this.packets.waitFor(({ cmd }) => cmd === 'connack');
    return answer.cmd === 'connack' ? answer.returnCode : undefined;
  }

  /** SUBACK's code: the granted QoS, or 128. */
  async subscribe(filter: string, qos: 0 | 1 = 1): Promise<unknown> {
    this.write({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos }] });
    const answer = await this.packets.waitFor(({ cmd }) => cmd === 'suback');
    return answer.cmd === 'suback' ? answer.granted[0] : undefined;
  }

  /** The next publish to it that fits, acknowledged, with its bytes on the wire. */
  async next(matches: (packet: IPublishPacket) => boolean = () => true) {
    const packet = (await this.packets.waitFor((one) => one.cmd === 'publish' && matches(one))) as IPublishPacket;
    if (packet.qos > 0) this.write({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    return { topic: packet.topic, payload: packet.payload as Buffer, bytes: generate(packet).length };
  }

  /** The next job whose signature is its own. */
  async nextJob(fun: string) {
    const { payload, bytes } = await this.next(
      ({ topic, payload: text }) => topic === `salt/job/${this.id}` && text.toString().includes(`"fun":"${fun}"`),
    );
    const { value, ...rest } = this.open(payload, 'job');
    return { job: value, ...rest, bytes };
  }

  /** What is in an envelope, and whether it is one that the master made for this device. */
  open(payload: Buffer, kind: 'job' | 'ctl') {
    const [text = '', envelope = ''] = payload.toString().split('\t');
    const digest = createHmac('sha256', this.#key).update(`salt-${kind}-v1\0${this.id}\0${text}`).digest();
    const isSigned = envelope === `h.${digest.subarray(0, 16).toString('base64url')}`;
    return { value: JSON.parse(text), envelope, isSigned };
  }

  publish(topic: string, value: unknown, qos: 0 | 1 = 0): void {
    this.write({
      cmd: 'publish',
      topic,
      payload: JSON.stringify(value),
      qos,
      retain: false,
      dup: false,
      ...(qos === 1 && { messageId: 7 }),
    } as IPublishPacket);
  }

  answer(jid: string, value: unknown, qos: 0 | 1 = 0): void {
    this.publish(`salt/ret/${jid}`, { id: this.id, return: value }, qos);
  }
}

/** Declares a device at the master. */
export async function addDevice(
  fleet: TestFleet,
  id: string,
  declared: Readonly<Record<string, unknown>> = {},
): Promise<AddedTestDevice> {
  return (await fleet.call('wheel', 'key.add_constrained', [id], declared)) as AddedTestDevice;
}

/** Another client with the name of a device, not yet logged in. */
export function openDevice(fleet: TestFleet, added: AddedTestDevice): TestDevice {
  const port = Number(fleet.master().addresses[2]?.split(':').at(-1));
  return new TestDevice(connect(port, '127.0.0.1'), added);
}

/** It is there: logged in and subscribed. */
export async function startDevice(fleet: TestFleet, added: AddedTestDevice, filter = `salt/job/${added.id}`) {
  const device = openDevice(fleet, added);
  await device.login(added.password);
  await device.subscribe(filter);
  return device;
}
