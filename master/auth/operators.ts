import { join } from 'node:path';
import * as v from 'valibot';
import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { UnixTime, UserName } from '../../shared/protocol/fields.ts';
import { REACTOR_USER } from '../../shared/reactor/reaction.ts';
import { SCHEDULE_USER } from '../jobs/scheduled.ts';
import { hashPassword, isPassword, makePassword, PasswordHash } from '../keys/passwords.ts';
import { openPrivateEntries } from '../keys/private_entries.ts';
import { isExternalName } from './external_auth.ts';

/** Operators who log in with a password, over TCP. */
export interface Operators {
  isOperator(user: string, password: string): boolean;
  names(): readonly string[];
  /** Why the password of an operator is worth nothing any more. */
  expired(user: string): string | undefined;
  /**
   * Makes a password for a new or known operator and returns it; only its hash is kept. It may end after so many
   * seconds.
   */
  add(user: string, ttlSeconds?: number): Promise<string>;
  /** False when there is none of that name. */
  remove(user: string): Promise<boolean>;
}

/** Those in whose names the master acts by itself, and peers. */
export function isOfTheMaster(user: string): boolean {
  return [REACTOR_USER, SCHEDULE_USER].includes(user) || user.startsWith('minion ');
}

/** No operator with a password of ours can have such a name. */
function isReservedName(user: string): boolean {
  return isOfTheMaster(user) || isExternalName(user);
}

const Stored = v.record(UserName, v.object({ password_hash: PasswordHash, expires_at: v.optional(UnixTime) }));
type Stored = v.InferOutput<typeof Stored>;

/**
 * Reads and writes `operators.json` in pkiDir; entries of the configuration are added and cannot be removed. `changed`
 * is called when a password that may be in use is worth nothing any more.
 */
export async function openOperators(
  pkiDir: string,
  configured: Stored,
  clock: Clock,
  changed: (user: string) => void,
): Promise<Operators> {
  const reserved = Object.keys(configured).find(isReservedName);
  if (reserved !== undefined) {
    throw new FleetError('CONFIG_INVALID', `operators: ${reserved} is a name of the master's own`, {
      hint: 'choose another one',
    });
  }
  const stored = await openPrivateEntries({
    path: join(pkiDir, 'operators.json'),
    schema: Stored,
    writtenBy: 'salt-run operators.add',
    remedy: 'add the operators',
    changed,
  });
  const expired = (user: string): string | undefined => {
    const { expires_at: at } = stored.get(user) ?? {};
    if (at === undefined || nowSeconds(clock) < at) return undefined;
    return `the password of ${user} expired at ${new Date(at * 1000).toISOString()}`;
  };
  return {
    isOperator(user, password) {
      const entry = stored.get(user) ?? entryOf(configured, user);
      return isPassword(entry?.password_hash, password) && expired(user) === undefined;
    },
    names: () => [...new Set([...Object.keys(configured), ...stored.names()])].sort(),
    expired,
    add: async (user, ttlSeconds) => {
      if (isReservedName(user)) {
        throw new FleetError('ARGS_INVALID', `${user} is a name of the master's own`, { hint: 'choose another one' });
      }
      if (!v.is(UserName, user)) {
        throw new FleetError('ARGS_INVALID', `${JSON.stringify(user)} cannot be an operator's name`, {
          hint: 'use 1 to 32 of A-Z a-z 0-9 _ . -',
        });
      }
      const password = makePassword();
      const expiry = ttlSeconds === undefined ? {} : { expires_at: nowSeconds(clock) + ttlSeconds };
      await stored.set(user, { password_hash: hashPassword(password), ...expiry });
      return password;
    },
    remove: async (user) => (await stored.remove((name) => name === user)).length > 0,
  };
}

function entryOf(entries: Stored, user: string): Stored[string] | undefined {
  return Object.hasOwn(entries, user) ? entries[user] : undefined;
}
