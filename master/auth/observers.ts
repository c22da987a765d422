import { join } from 'node:path';
import * as v from 'valibot';
import { readPrivateFile, writePrivateFile } from '../shared/crypto/private_file.ts';
import { FleetError } from '../shared/errors.ts';
import { UserName } from '../shared/protocol/fields.ts';
import { isTopicFilter } from '../shared/protocol/topic.ts';
import { hashPassword, isPassword, makePassword, PasswordHash } from './keys/passwords.ts';
import { createSerialQueue } from './keys/serial_queue.ts';

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
type Stored = v.InferOutput<typeof Stored>;

/** Reads and writes `observers.json` in pkiDir. `changed` is called when a password is worth nothing any more. */
export async function openObservers(pkiDir: string, changed: (name: string) => void): Promise<Observers> {
  const path = join(pkiDir, 'observers.json');
  const known = new Map(Object.entries(await readStored(path)));
  const inOrder = createSerialQueue();
  const save = async (name: string, next: ReadonlyMap<string, Stored[string]>): Promise<void> => {
    await writePrivateFile(path, `${JSON.stringify(Object.fromEntries(next), null, 2)}\n`);
    const entry = next.get(name);
    if (entry === undefined) known.delete(name);
    else known.set(name, entry);
    changed(name);
  };
  return {
    topicsOf(name, password) {
      const entry = known.get(name);
      return isPassword(entry?.password_hash, password) ? entry?.topics : undefined;
    },
    list: () => Object.fromEntries([...known].sort().map(([name, { topics }]) => [name, topics])),
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
      const entry = { password_hash: hashPassword(password), topics: [...topics] };
      await inOrder(() => save(name, new Map(known).set(name, entry)));
      return password;
    },
    remove: (name) =>
      inOrder(async () => {
        if (!known.has(name)) return false;
        await save(name, new Map([...known].filter(([other]) => other !== name)));
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
    throw new FleetError('CONFIG_INVALID', `${path} is not what salt-key --gen-observer wrote`, {
      hint: 'restore it, or remove it and make the observers again',
      cause,
    });
  }
}
