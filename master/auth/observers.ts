import { join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { UserName } from '../../shared/protocol/fields.ts';
import { isTopicFilter } from '../../shared/protocol/topic.ts';
import { hashPassword, isPassword, makePassword, PasswordHash } from '../keys/passwords.ts';
import { openPrivateEntries } from '../keys/private_entries.ts';

/** Who may watch and say nothing, over TCP or TLS with a password. */
export interface Observers {
  /** The filters of what that observer may see; undefined when the name or the password is wrong. */
  topicsOf(name: string, password: string): readonly string[] | undefined;
  /** The filters, by name. */
  list(): Readonly<Record<string, readonly string[]>>;
  /** Makes a password for a new or known observer and returns it. Throws ARGS_INVALID. */
  add(name: string, topics: readonly string[]): Promise<string>;
  /** False when there is none of that name. */
  remove(name: string): Promise<boolean>;
}

const Stored = v.record(UserName, v.object({ password_hash: PasswordHash, topics: v.array(v.string()) }));

/** Reads and writes `observers.json` in pkiDir. `changed` is called when a password is worth nothing any more. */
export async function openObservers(pkiDir: string, changed: (name: string) => void): Promise<Observers> {
  const stored = await openPrivateEntries({
    path: join(pkiDir, 'observers.json'),
    schema: Stored,
    writtenBy: 'salt-key --gen-observer',
    remedy: 'make the observers',
    changed,
  });
  return {
    topicsOf(name, password) {
      const entry = stored.get(name);
      return isPassword(entry?.password_hash, password) ? entry?.topics : undefined;
    },
    list: () =>
      Object.fromEntries(
        stored
          .names()
          .sort()
          .map((name) => [name, stored.get(name)?.topics ?? []]),
      ),
    async add(name, topics) {
      if (!v.is(UserName, name)) {
        throw new FleetError('ARGS_INVALID', `${JSON.stringify(name)} cannot be an observer's name`, {
          hint: 'use 1 to 32 of A-Z a-z 0-9 _ . -',
        });
      }
      const wrong = topics.find((filter) => !isTopicFilter(filter));
      if (wrong !== undefined) {
        throw new FleetError('ARGS_INVALID', `${JSON.stringify(wrong)} is not a topic filter`, {
          hint: 'such as salt/event/# or salt/presence/+',
        });
      }
      const password = makePassword();
      await stored.set(name, { password_hash: hashPassword(password), topics: [...topics] });
      return password;
    },
    remove: async (name) => (await stored.remove((other) => other === name)).length > 0,
  };
}
