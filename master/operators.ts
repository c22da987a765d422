import { join } from 'node:path';
import * as v from 'valibot';
import { readPrivateFile, writePrivateFile } from '../shared/crypto/private_file.ts';
import { FleetError } from '../shared/errors.ts';
import { UserName } from '../shared/protocol/fields.ts';
import { hashPassword, isPassword, makePassword, PasswordHash } from './keys/passwords.ts';
import { createSerialQueue } from './keys/serial_queue.ts';

/** Operators who log in with a password, over TCP. */
export interface Operators {
  isOperator(user: string, password: string): boolean;
  names(): readonly string[];
  /** Makes a password for a new or known operator and returns it; only its hash is kept. */
  add(user: string): Promise<string>;
  /** False when there is none of that name. */
  remove(user: string): Promise<boolean>;
}

const Stored = v.record(UserName, v.object({ password_hash: PasswordHash }));
type Stored = v.InferOutput<typeof Stored>;

/**
 * Reads and writes `operators.json` in pkiDir; entries of the configuration are added and cannot be removed. `changed` is
 * called when a password that may be in use is worth nothing any more.
 */
export async function openOperators(
  pkiDir: string,
  configured: Stored,
  changed: (user: string) => void,
): Promise<Operators> {
  const path = join(pkiDir, 'operators.json');
  let stored = await readStored(path);
  const inOrder = createSerialQueue();
  const save = async (next: Stored, user: string): Promise<void> => {
    await writePrivateFile(path, `${JSON.stringify(next, null, 2)}\n`);
    stored = next;
    changed(user);
  };
  return {
    isOperator(user, password) {
      return isPassword(entryOf(stored, user) ?? entryOf(configured, user), password);
    },
    names: () => [...new Set([...Object.keys(configured), ...Object.keys(stored)])].sort(),
    add: async (user) => {
      if (!v.is(UserName, user)) {
        throw new FleetError('ARGS_INVALID', `${JSON.stringify(user)} cannot be an operator's name`, {
          hint: 'use 1 to 32 of A-Z a-z 0-9 _ . -',
        });
      }
      const password = makePassword();
      await inOrder(() => save({ ...stored, [user]: { password_hash: hashPassword(password) } }, user));
      return password;
    },
    remove: (user) =>
      inOrder(async () => {
        if (!Object.hasOwn(stored, user)) return false;
        const { [user]: _removed, ...rest } = stored;
        await save(rest, user);
        return true;
      }),
  };
}

async function readStored(path: string): Promise<Stored> {
  const text = await readPrivateFile(path);
  if (text === undefined) return {};
  try {
    return v.parse(Stored, JSON.parse(text));
  } catch (cause) {
    throw new FleetError('CONFIG_INVALID', `${path} is not what salt-run operators.add wrote`, {
      hint: 'restore it, or remove it and add the operators again',
      cause,
    });
  }
}

function entryOf(entries: Stored, user: string): string | undefined {
  return Object.hasOwn(entries, user) ? entries[user]?.password_hash : undefined;
}
