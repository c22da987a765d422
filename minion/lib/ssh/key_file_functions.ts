import { readdir } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { ifThere } from '../../../shared/if_there.ts';
import { AbsolutePath, Flag, Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext, type MinionFunction } from '../../context.ts';
import { findUser, readAccounts } from '../accounts.ts';
import { commandFailed } from '../exec.ts';
import { isEncryptedKey } from './private_key.ts';
import { ofUsers, readSshFile, Users } from './ssh_file.ts';

const KEY_NAMES = ['id_rsa', 'id_dsa', 'id_ecdsa', 'id_ed25519'];
/** A name, the usual ones, or False for none. */
const KeyFile = v.optional(v.union([v.literal(false), Text]));

/** Functions on files with keys of hosts and users. */
export const keyFileFunctions: Readonly<Record<string, MinionFunction>> = {
  host_keys: fn({
    summary: 'Return the keys of this machine, private ones too unless private=False.',
    args: {
      keydir: v.optional(AbsolutePath, '/etc/ssh'),
      private: v.optional(Flag, true),
      certs: v.optional(Flag, true),
    },
    returns: 'texts by the names of types, such as ``ed25519`` and ``ed25519.pub``.',
    examples: ["salt '*' ssh.host_keys private=False", "salt '*' ssh.host_keys keydir=/etc/ssh certs=False"],
    reads: true,
    secret: true,
    async run(context, { keydir, private: isPrivate, certs }) {
      const keys: Record<string, string> = {};
      for (const name of ((await ifThere(readdir(join(context.root, keydir)))) ?? []).sort()) {
        const [, type, end = '', cert] = /^ssh_host_(.+?)_key((-cert)?\.pub)?$/.exec(name) ?? [];
        if (type === undefined || (end === '' && !isPrivate) || (cert !== undefined && !certs)) continue;
        keys[`${type}${end}`] =
          (await readSshFile(context, { path: join(keydir, name), user: undefined }))?.trim() ?? '';
      }
      return keys;
    },
  }),
  user_keys: fn({
    summary: 'Return the keys of a user, of a list of users or of all, private ones too unless prvfile=False.',
    args: { user: Users, pubfile: KeyFile, prvfile: KeyFile },
    returns: 'by user, texts by the names of files.',
    examples: [
      "salt '*' ssh.user_keys amy prvfile=False",
      "salt '*' ssh.user_keys user='[amy, bob]' pubfile=id_rsa.pub",
    ],
    reads: true,
    secret: true,
    async run(context, { user, pubfile, prvfile }) {
      const names = [...namesOf(pubfile, '.pub'), ...namesOf(prvfile, '')];
      return ofUsers(context, user, (name) => keysOf(context, name, names));
    },
  }),
  key_is_encrypted: fn({
    summary: 'Return whether a private key takes a passphrase.',
    args: { key: Text },
    description: 'The key is the path of a file, or the text itself.',
    examples: ["salt '*' ssh.key_is_encrypted /root/.ssh/id_rsa"],
    reads: true,
    async run(context, { key }) {
      if (key.includes('-----BEGIN')) return isEncryptedKey(key);
      if (!isAbsolute(key)) throw commandFailed('key is neither an absolute path nor the text of a private key');
      const text = await readSshFile(context, { path: key, user: undefined });
      if (text === undefined) throw commandFailed(`there is no file ${key}`);
      return isEncryptedKey(text);
    },
  }),
};

function namesOf(file: string | false | undefined, end: string): string[] {
  if (file === false) return [];
  return file === undefined ? KEY_NAMES.map((name) => name + end) : [file];
}

/** Undefined when there are none. */
async function keysOf(
  context: MinionContext,
  name: string,
  files: readonly string[],
): Promise<Record<string, string> | undefined> {
  const user = findUser(await readAccounts(context.root), name);
  if (user === undefined) return undefined;
  const keys: Record<string, string> = {};
  for (const file of files) {
    const place = isAbsolute(file) ? { path: file, user: undefined } : { path: join(user.home, '.ssh', file), user };
    const text = await readSshFile(context, place);
    if (text !== undefined) keys[isAbsolute(file) ? basename(file) : file] = text.trim();
  }
  return Object.keys(keys).length === 0 ? undefined : keys;
}
