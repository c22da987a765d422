import type { Broker } from '../../broker/broker.ts';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { colonFingerprint } from '../../shared/crypto/fingerprint.ts';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { eachInTurns } from '../../shared/pace.ts';
import { MasterKeys } from '../../shared/protocol/messages/keys.ts';
import type { Fleet } from '../fleet.ts';
import { packetBytes } from '../jobs/transmit.ts';
import type { Authority, PreparedSigningKey } from './authority.ts';
import type { Devices } from './devices.ts';
import type { Emit } from './key_events.ts';

/** How long minions that do not answer are waited for. They learn of the keys when they are back, or by a job. */
const TELL_MS = 10_000;

/** The event that tells of new keys. */
export const ROTATED = 'salt/key/rotate';

/** Which minions know of it; constrained minions have keys of their own and are neither. */
export interface Told {
  readonly told: readonly string[];
  /** Connected, and did not confirm in time. */
  readonly silent: readonly string[];
}

export interface SigningRotation extends Told {
  readonly kid: string;
  readonly old_kid: string;
  /** Until when jobs of the old key are taken, seconds UTC. */
  readonly old_until: number;
}

export interface AuthorityRotation extends Told {
  readonly fingerprint: string;
  readonly old_fingerprint: string;
}

/** Replaces the master's keys while the fleet works on. One at a time; the next throws COMMAND_FAILED meanwhile. */
export interface Rotation {
  /** Connected minions know the new key before it signs; the old one counts for so many seconds more. */
  rotateSigningKey(overlapSeconds: number): Promise<SigningRotation>;
  /** Connected minions go on as they are, and know the authority that they will meet next. */
  rotateAuthority(): Promise<AuthorityRotation>;
  /** Tells connected minions the present keys once more, upon which they ask for the time. */
  tellAgain(): Promise<Told>;
}

export interface RotationOptions {
  readonly authority: Authority;
  readonly fleet: Pick<Fleet, 'onlineIds' | 'info'>;
  readonly devices: Pick<Devices, 'get'>;
  readonly broker: () => Pick<Broker, 'send' | 'replaceTls'> | undefined;
  readonly emit: Emit;
  readonly clock: Clock;
}

export function createRotation(options: RotationOptions): Rotation {
  const { authority, broker, emit, clock } = options;
  let isUnderWay = false;
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isUnderWay) throw new FleetError('COMMAND_FAILED', 'keys are being rotated already');
    isUnderWay = true;
    try {
      return await work();
    } finally {
      isUnderWay = false;
    }
  };
  return {
    rotateSigningKey: (overlapSeconds) =>
      alone(async () => {
        const oldKid = authority.kid;
        const prepared = authority.prepareSigningKey();
        const until = await introduce(options, prepared, overlapSeconds);
        const told = await tellOnline(options);
        const rotated = { kid: authority.kid, old_kid: oldKid, old_until: until };
        emit(ROTATED, { act: 'rotate', result: true, ...rotated });
        return { ...rotated, ...told };
      }),
    rotateAuthority: () =>
      alone(async () => {
        const old = authority.fingerprint;
        await authority.replaceAuthority();
        broker()?.replaceTls({ ...authority.serverTls(), caPem: authority.caPem });
        const told = await tellOnline(options);
        const rotated = {
          fingerprint: colonFingerprint(authority.fingerprint),
          old_fingerprint: colonFingerprint(old),
        };
        emit(ROTATED, { act: 'rotate', result: true, ...rotated });
        return { ...rotated, ...told };
      }),
    tellAgain: () => tellOnline(options),
  };

  async function introduce(
    { authority: { kid } }: RotationOptions,
    prepared: PreparedSigningKey,
    overlapSeconds: number,
  ): Promise<number> {
    try {
      await tellOnline(options);
      const until = nowSeconds(clock) + overlapSeconds;
      await prepared.take(until);
      return until;
    } catch (error) {
      prepared.drop();
      const message = `the new key is not taken, ${kid} goes on: ${errorLine(error)}`;
      throw new FleetError('COMMAND_FAILED', message, { cause: error });
    }
  }
}

async function tellOnline(options: RotationOptions): Promise<Told> {
  const ids = options.fleet.onlineIds().filter((id) => options.devices.get(id) === undefined);
  const asked: Promise<boolean>[] = [];
  await eachInTurns(ids, (id) => asked.push(tell(options, id)));
  const answers = await Promise.all(asked);
  return { told: ids.filter((_id, index) => answers[index]), silent: ids.filter((_id, index) => !answers[index]) };
}

/** Resolves with whether the minion confirmed that it knows the keys. */
function tell({ authority, fleet, broker, clock }: RotationOptions, id: string): Promise<boolean> {
  const { enc, max_packet } = fleet.info(id);
  const packet = MasterKeys.encode({ id }, authority.told(), enc);
  if (packetBytes(packet) > max_packet) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = clock.after(TELL_MS, () => resolve(false));
    const settle = (isTold: boolean): void => {
      timer.stop();
      resolve(isTold);
    };
    if (broker()?.send(id, packet, () => settle(true)) !== true) settle(false);
  });
}
