import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { readPrivateFile, writePrivateFile } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { MinionId } from '../../shared/ids.ts';
import { FunctionName } from '../../shared/protocol/fields.ts';
import type { InfoPayload } from '../../shared/protocol/messages/job.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { hashPassword, isPassword, makePassword, PasswordHash } from './passwords.ts';
import { createSerialQueue } from './serial_queue.ts';

/**
 * Constrained minions: they log in with a password and check jobs by an HMAC key, or by nothing but the connection. What
 * they can do is declared when they are added, for many are too small to say it.
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

export type DeviceChange = 'added' | 'replaced' | 'removed';

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
type Stored = v.InferOutput<typeof Stored>;

/** Reads and writes `constrained.json` in pkiDir, which holds the HMAC keys. Throws CONFIG_INVALID. */
export async function openDevices(
  pkiDir: string,
  changed: (id: string, change: DeviceChange) => void,
): Promise<Devices> {
  const path = join(pkiDir, 'constrained.json');
  const known = new Map(Object.entries(await readStored(path)));
  const devices = new Map([...known].map(([id, stored]) => [id, deviceOf(stored)]));
  const inOrder = createSerialQueue();
  const save = (next: ReadonlyMap<string, StoredDevice>): Promise<void> =>
    writePrivateFile(path, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`);
  const find = (globs: readonly string[]): readonly string[] => {
    const matchers = globs.map(globMatcher);
    return [...devices.keys()].filter((id) => matchers.some((matches) => matches(id))).sort();
  };
  return {
    ids: () => [...devices.keys()],
    find,
    get: (id) => devices.get(id),
    isDevice: (id, password) => isPassword(known.get(id)?.password_hash, password),
    add: (id, { trust, ...declared }) =>
      inOrder(async () => {
        if (!v.is(MinionId, id)) throw new FleetError('ARGS_INVALID', `${JSON.stringify(id)} is not a minion id`);
        const password = makePassword();
        const key = trust === 'hmac' ? randomBytes(HMAC_KEY_BYTES).toString('hex') : undefined;
        const stored = parseDevice({
          ...declared,
          password_hash: hashPassword(password),
          ...(key !== undefined && { hmac_key: key }),
        });
        await save(new Map(known).set(id, stored));
        const change = known.has(id) ? 'replaced' : 'added';
        known.set(id, stored);
        devices.set(id, deviceOf(stored));
        changed(id, change);
        return { password, ...(key !== undefined && { hmac_key: key }) };
      }),
    remove: (globs) =>
      inOrder(async () => {
        const ids = find(globs);
        if (ids.length === 0) return ids;
        await save(new Map([...known].filter(([id]) => !ids.includes(id))));
        for (const id of ids) {
          known.delete(id);
          devices.delete(id);
          changed(id, 'removed');
        }
        return ids;
      }),
  };
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

async function readStored(path: string): Promise<Stored> {
  const text = await readPrivateFile(path);
  if (text === undefined) return {};
  try {
    return v.parse(Stored, JSON.parse(text));
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} is not what salt-key --add-constrained wrote`, {
      hint: 'restore it, or remove it and add the constrained minions again',
      cause,
    });
  }
}
