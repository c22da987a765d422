import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { MinionId } from '../../shared/ids.ts';
import { FunctionName } from '../../shared/protocol/fields.ts';
import type { InfoPayload } from '../../shared/protocol/messages/job.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { hashPassword, isPassword, makePassword, PasswordHash } from './passwords.ts';
import { type EntryChange, openPrivateEntries } from './private_entries.ts';

/**
 * Constrained minions: they log in with a password and check jobs by an HMAC key, or by nothing but the connection.
 * What they can do is declared when they are added, for many are too small to say it.
 */
export interface Devices {
  ids(): readonly string[];
  /** Ids that any of the globs matches. */
  find(globs: readonly string[]): readonly string[];
  get(id: string): Device | undefined;
  /** Takes the same time whether or not there is one of that id. */
  isDevice(id: string, password: string): boolean;
  /** Replaces one of that id. Throws ARGS_INVALID. */
  add(id: string, declared: DeclaredDevice): Promise<DeviceSecrets>;
  /** The ids that were there. */
  remove(globs: readonly string[]): Promise<readonly string[]>;
}

export interface DeclaredDevice {
  /** RFC 7228. */
  readonly class: number;
  /** Largest whole MQTT packet that it takes, bytes. */
  readonly max_packet: number;
  /** Jobs that it takes at a time. */
  readonly window: number;
  /** It pulls the arguments of jobs that are larger than its packet. */
  readonly blocks: boolean;
  /** What it can do, beside `test.ping`; left out: that is not known. */
  readonly functions?: readonly string[] | undefined;
  /** Whether its jobs are signed. */
  readonly trust: 'hmac' | 'connection';
}

export interface Device {
  readonly info: InfoPayload;
  readonly functions: readonly string[] | undefined;
  readonly hmacKey: Uint8Array | undefined;
  readonly blocks: boolean;
}

/** Shown once: of the password only the hash is kept. */
export interface DeviceSecrets {
  readonly password: string;
  /** 32 hex digits; left out when jobs are not signed. */
  readonly hmac_key?: string;
}

const HMAC_KEY_BYTES = 16;
const Whole = v.pipe(v.number(), v.integer());

const StoredDevice = v.object({
  password_hash: PasswordHash,
  hmac_key: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
  class: v.pipe(Whole, v.minValue(0)),
  max_packet: v.pipe(Whole, v.minValue(128)),
  window: v.pipe(Whole, v.minValue(1)),
  blocks: v.boolean(),
  functions: v.optional(v.array(FunctionName)),
});
type StoredDevice = v.InferOutput<typeof StoredDevice>;
const Stored = v.record(MinionId, StoredDevice);

/** Reads and writes `constrained.json` in pkiDir, which holds the HMAC keys. Throws CONFIG_INVALID. */
export async function openDevices(
  pkiDir: string,
  changed: (id: string, change: EntryChange) => void,
): Promise<Devices> {
  const stored = await openPrivateEntries({
    path: join(pkiDir, 'constrained.json'),
    schema: Stored,
    writtenBy: 'salt-key --add-constrained',
    remedy: 'add the constrained minions',
    changed,
  });
  // The same one each time: what was signed ahead for it is known by it, and every job asks.
  const made = new WeakMap<StoredDevice, Device>();
  return {
    ids: stored.names,
    find: (globs) => stored.names().filter(anyGlob(globs)).sort(),
    get(id) {
      const entry = stored.get(id);
      if (entry === undefined) return undefined;
      const device = made.get(entry) ?? deviceOf(entry);
      made.set(entry, device);
      return device;
    },
    isDevice: (id, password) => isPassword(stored.get(id)?.password_hash, password),
    async add(id, { trust, ...declared }) {
      if (!v.is(MinionId, id)) throw new FleetError('ARGS_INVALID', `${JSON.stringify(id)} is not a minion id`);
      const password = makePassword();
      const key = trust === 'hmac' ? { hmac_key: randomBytes(HMAC_KEY_BYTES).toString('hex') } : {};
      await stored.set(id, parseDevice({ ...declared, password_hash: hashPassword(password), ...key }));
      return { password, ...key };
    },
    remove: async (globs) => (await stored.remove(anyGlob(globs))).sort(),
  };
}

function anyGlob(globs: readonly string[]): (id: string) => boolean {
  const matchers = globs.map(globMatcher);
  return (id) => matchers.some((matches) => matches(id));
}

function deviceOf({ max_packet, window, hmac_key: key, functions, blocks }: StoredDevice): Device {
  return {
    info: { v: 1, max_packet, window, enc: 'json', sig: key === undefined ? 'none' : 'hmac' },
    functions,
    hmacKey: key === undefined ? undefined : Buffer.from(key, 'hex'),
    blocks,
  };
}

function parseDevice(value: unknown): StoredDevice {
  const parsed = v.safeParse(StoredDevice, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new FleetError('ARGS_INVALID', `${v.getDotPath(issue) ?? 'device'}: ${issue.message}`);
}
