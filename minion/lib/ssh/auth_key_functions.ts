import { join } from 'node:path';
import * as v from 'valibot';
import { Line, Text, TextList } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext, type MinionFunction } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { isDirectory } from '../file/facts.ts';
import { type AuthorizedKey, describeKeys, judgeKey, parseKeys, withKey, withoutKey } from './authorized_keys.ts';
import { FingerprintHash, fingerprintOf, keyType } from './public_key.ts';
import { findUserFile, ofUsers, readSshFile, Users, writeSshFile } from './ssh_file.ts';

const config = v.optional(Text, '.ssh/authorized_keys');
const hash = { fingerprint_hash_type: FingerprintHash };
const saltenv = v.optional(Text, 'base');
const source = Text;
const Options = v.pipe(
  TextList,
  v.check((items) => items.every((item) => !/[\r\n]/.test(item)), 'must be one line'),
);
const cacheKeys = v.optional(v.array(v.unknown()));
const setResults = '``new``, ``replace``, ``no change``, ``invalid``, ``Invalid public key`` or ``fail``.';

/** Functions on the keys that may log in. */
export const authKeyFunctions: Readonly<Record<string, MinionFunction>> = {
  auth_keys: fn({
    summary: 'Return the keys that may log in as a user, or as each of a list of users, of all without one.',
    args: { user: Users, config, ...hash },
    returns: 'by key ``enc``, ``comment``, ``options`` and ``fingerprint``; by user first, unless one name is given.',
    examples: ["salt '*' ssh.auth_keys root", "salt '*' ssh.auth_keys user='[root, amy]'"],
    reads: true,
    async run(context, { user, config: file, fingerprint_hash_type: form }) {
      const found = await ofUsers(context, user, (name) => keysOf(context, name, file, form));
      return typeof user === 'string' ? (found[user] ?? {}) : found;
    },
  }),
  check_key: fn({
    summary: 'Return whether a key would have to be added or updated.',
    args: {
      ...{ user: Text, key: Line, enc: Line, comment: Line, options: v.nullable(Options) },
      ...{ config, cache_keys: cacheKeys, ...hash },
    },
    returns: '``add``, ``update`` or ``exists``.',
    examples: ["salt '*' ssh.check_key root AAAAC3NzaC1lZDI1NTE5AAAAIA== ed25519 'amy@desk' None"],
    reads: true,
    run: async (context, { user, config: file, ...wanted }) =>
      judgeKey(await keyText(context, user, file), wish(wanted)),
  }),
  check_key_file: fn({
    summary: 'Return whether the keys of a file would have to be added or updated.',
    args: { user: Text, source, config, saltenv, ...hash },
    returns: 'by key ``add``, ``update`` or ``exists``.',
    examples: ["salt '*' ssh.check_key_file root /root/id_ed25519.pub"],
    reads: true,
    async run(context, { user, source: path, config: file }) {
      const [keys, text] = [await keysIn(context, path), await keyText(context, user, file)];
      return Object.fromEntries(keys.map((key) => [key.key, judgeKey(text, key)]));
    },
  }),
  set_auth_key: fn({
    summary: 'Let a key log in as a user.',
    args: {
      ...{ user: Text, key: Line, enc: v.optional(Line, 'ssh-rsa'), comment: v.optional(Line, '') },
      ...{ options: v.optional(Options), config, cache_keys: cacheKeys, ...hash },
    },
    returns: setResults,
    examples: ["salt '*' ssh.set_auth_key amy AAAAC3NzaC1lZDI1NTE5AAAAIA== enc=ed25519"],
    run: (context, { user, config: file, ...wanted }) => setKey(context, user, file, wish(wanted)),
  }),
  set_auth_key_from_file: fn({
    summary: 'Let the keys of a file log in as a user.',
    args: { user: Text, source, config, saltenv, ...hash },
    returns: '``new``, ``replace``, ``no change`` or ``fail``.',
    examples: ["salt '*' ssh.set_auth_key_from_file amy /root/id_ed25519.pub"],
    async run(context, { user, source: path, config: file }) {
      const results: string[] = [];
      for (const key of await keysIn(context, path)) results.push(await setKey(context, user, file, key));
      if (results.length === 0) return failed(context, 'fail');
      return ['fail', 'replace', 'new'].find((result) => results.includes(result)) ?? 'no change';
    },
  }),
  rm_auth_key: fn({
    summary: 'Let a key log in as a user no longer.',
    args: { user: Text, key: Line, config, ...hash },
    returns: '``Key removed`` or ``Key not present``.',
    examples: ["salt '*' ssh.rm_auth_key amy AAAAC3NzaC1lZDI1NTE5AAAAIA=="],
    run: (context, { user, key, config: file }) => removeKeys(context, user, file, [key]),
  }),
  rm_auth_key_from_file: fn({
    summary: 'Let the keys of a file log in as a user no longer.',
    args: { user: Text, source, config, saltenv, ...hash },
    returns: '``Key removed``, ``Key not present`` or ``fail``.',
    examples: ["salt '*' ssh.rm_auth_key_from_file amy /root/id_ed25519.pub"],
    async run(context, { user, source: path, config: file }) {
      const keys = (await keysIn(context, path)).map(({ key }) => key);
      return keys.length === 0 ? failed(context, 'fail') : removeKeys(context, user, file, keys);
    },
  }),
};

interface Wanted {
  readonly key: string;
  readonly enc: string;
  readonly comment: string;
  readonly options?: readonly string[] | null | undefined;
}

function wish({ key, enc, comment, options }: Wanted): AuthorizedKey {
  return { key, enc: keyType(enc), comment, options: options ?? [] };
}

async function keysOf(context: MinionContext, name: string, config: string, hash: string | undefined) {
  const file = await findUserFile(context, name, config);
  const text = file && (await readSshFile(context, file));
  return text === undefined ? undefined : describeKeys(text, hash);
}

async function keyText(context: MinionContext, name: string, config: string): Promise<string> {
  const file = await findUserFile(context, name, config);
  return (file && (await readSshFile(context, file))) ?? '';
}

async function keysIn(context: MinionContext, path: string): Promise<AuthorizedKey[]> {
  if (!path.startsWith('/')) {
    throw commandFailed(`cannot fetch ${path}: the file server is not available`, 'name a file of the minion');
  }
  const text = await readSshFile(context, { path, user: undefined });
  if (text === undefined) throw commandFailed(`there is no file ${path}`);
  return [...parseKeys(text).values()];
}

async function setKey(context: MinionContext, name: string, config: string, key: AuthorizedKey): Promise<string> {
  if (/\s/.test(key.key)) return failed(context, 'invalid');
  const file = await findUserFile(context, name, config);
  if (file === undefined) return failed(context, 'fail');
  if (fingerprintOf(key.key) === undefined) return failed(context, 'Invalid public key');
  const { path, user } = file;
  // A home that nobody made is not for root to make.
  if (path.startsWith(`${user.home}/`) && !(await isDirectory(join(context.root, user.home)))) {
    return failed(context, 'fail');
  }
  const text = (await readSshFile(context, file)) ?? '';
  const judgement = judgeKey(text, key);
  if (judgement === 'exists') return 'no change';
  await writeSshFile(context, file, withKey(text, key));
  return judgement === 'add' ? 'new' : 'replace';
}

async function removeKeys(
  context: MinionContext,
  name: string,
  config: string,
  keys: readonly string[],
): Promise<'Key removed' | 'Key not present'> {
  const file = await findUserFile(context, name, config);
  const text = file && (await readSshFile(context, file));
  if (file === undefined || text === undefined) return 'Key not present';
  const left = keys.reduce(withoutKey, text);
  if (parseKeys(left).size === parseKeys(text).size) return 'Key not present';
  await writeSshFile(context, file, left);
  return 'Key removed';
}

/** Salt's word for it, and a return code that says so too. */
function failed(context: MinionContext, word: string): string {
  context.setRetcode(1);
  return word;
}
