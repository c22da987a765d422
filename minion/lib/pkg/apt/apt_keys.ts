import { readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FleetError } from '../../../../shared/errors.ts';
import { ifThere } from '../../../../shared/if_there.ts';
import type { MinionContext } from '../../../context.ts';
import { writeFileAtomically } from '../../atomic_file.ts';
import { commandFailed } from '../../exec.ts';
import { fileRoot } from '../../file_root.ts';
import { hasProgram } from '../../has_program.ts';
import { requireSuccess } from '../../run_program.ts';
import { withTemporaryFile } from '../../temporary_file.ts';
import { parseKeyListing, publicKeyPackets } from '../open_pgp.ts';
import type { KeyPlace, NewRepoKey, PkgRepoKeys } from '../provider.ts';

const KEYRINGS = '/etc/apt/keyrings';
const LISTING = ['--with-fingerprint', '--with-fingerprint', '--with-colons', '--fixed-list-mode'] as const;
const PLAIN = { LC_ALL: 'C' };

/** Keys of apt: by `apt-key` where it still is, else as files of a folder that sources name with signed-by. */
export const aptKeys: PkgRepoKeys = {
  async list(context, place) {
    if (usesAptKey(context, place)) {
      const argv = ['apt-key', 'adv', '--batch', '--list-public-keys', ...LISTING] as const;
      const result = await context.exec(argv, { env: PLAIN });
      requireSuccess(result, 'apt-key cannot tell');
      return parseKeyListing(result.stdout);
    }
    const files = await keyFiles(context, place);
    return files === undefined ? false : parseKeyListing(files.map(({ listing }) => listing).join('\n'));
  },
  async add(context, place, key) {
    const isInFolder = !usesAptKey(context, place);
    if (isInFolder && !(await hasFolder(context, folderOf(place)))) return false;
    requireSource(key);
    if (key.keyid !== undefined) {
      const wanted = key.keyid.toUpperCase();
      if (Object.keys((await aptKeys.list(context, place)) || {}).some((keyid) => keyid.endsWith(wanted))) return true;
    }
    return isInFolder ? addFile(context, folderOf(place), key) : addByAptKey(context, key);
  },
  async remove(context, place, keyid) {
    if (usesAptKey(context, place)) {
      const result = await context.exec(['apt-key', 'del', keyid], { env: PLAIN });
      requireSuccess(result, `Failed to remove keyid ${keyid}`);
      return keyid;
    }
    const files = await keyFiles(context, place);
    if (files === undefined) return false;
    if (![8, 16].includes(keyid.length)) return refuse(context, 'The keyid needs to be either 8 or 16 characters');
    const hit = files.find(({ listing }) =>
      Object.keys(parseKeyListing(listing)).some((found) => found.endsWith(keyid.toUpperCase())),
    );
    if (hit === undefined) return refuse(context, `Could not find the key file for keyid: ${keyid}`);
    await rm(hit.path);
    return keyid;
  },
};

function usesAptKey({ root }: MinionContext, { aptkey }: KeyPlace): boolean {
  return aptkey && hasProgram(root, 'apt-key');
}

function folderOf({ keydir }: KeyPlace): string {
  return keydir ?? KEYRINGS;
}

async function hasFolder(context: MinionContext, folder: string): Promise<boolean> {
  if ((await ifThere(stat(join(context.root, folder))))?.isDirectory()) return true;
  const words = `The directory ${folder} does not exist. Please create this directory only writable by root`;
  return refuse(context, words);
}

/** What Salt answers with False and tells in the log alone. */
function refuse(context: MinionContext, words: string): false {
  context.log.error(words);
  return false;
}

function requireSource({ path, text, keyserver, keyid }: NewRepoKey): void {
  if (path !== undefined || text !== undefined) return;
  const [message, hint] =
    keyserver !== undefined
      ? [`No keyid or keyid too short for keyserver: ${keyserver}`, 'give keyid']
      : keyid !== undefined
        ? [`No keyserver specified for keyid: ${keyid}`, 'give keyserver']
        : ['add_repo_key() takes at least 1 argument (0 given)', 'give path, text, or keyserver and keyid'];
  if (keyserver === undefined || keyid === undefined) throw new FleetError('ARGS_INVALID', message, { hint });
}

async function addByAptKey(context: MinionContext, key: NewRepoKey): Promise<boolean> {
  const { path, text, keyserver = '', keyid = '' } = key;
  const options = text === undefined ? { env: PLAIN } : { env: PLAIN, stdin: text };
  const words =
    path !== undefined
      ? ['add', path]
      : text !== undefined
        ? ['add', '-']
        : ['adv', '--batch', '--keyserver', keyserver, '--recv', keyid];
  const { retcode, stderr } = await context.exec(['apt-key', ...words], options);
  return retcode === 0 || refuse(context, `Unable to add repo key: ${stderr.trim()}`);
}

/** apt takes a file for an armor by its ending `.asc`, and for bare packets by any other. */
async function addFile(context: MinionContext, folder: string, key: NewRepoKey): Promise<boolean> {
  const { path, text, keyserver = '', keyid = '' } = key;
  const name = key.keyfile ?? (path === undefined ? undefined : basename(path));
  if (name === undefined) {
    return refuse(context, 'You must define the name of the key file to save the key. See keyfile argument');
  }
  const content =
    path !== undefined
      ? await readFile(path)
      : text !== undefined
        ? Buffer.from(text)
        : await receiveKey(context, keyserver, keyid);
  if (content === undefined) return false;
  const packets = publicKeyPackets(content);
  if (packets === undefined) throw commandFailed(`${path ?? 'the text'} is not a public key of OpenPGP`);
  const written = name.endsWith('.asc') ? content : packets;
  await writeFileAtomically(join(context.root, folder, name), written, { mode: 0o644 });
  return true;
}

/** Exported from a keyring of its own: what gpg receives into a file is a keybox, which apt does not read. */
function receiveKey(context: MinionContext, keyserver: string, keyid: string): Promise<Uint8Array | undefined> {
  return withGpgHome(async (home) => {
    const gpg = ['gpg', '--homedir', home, '--batch'] as const;
    const received = await context.exec([...gpg, '--keyserver', keyserver, '--recv-keys', keyid], { env: PLAIN });
    // It leaves a dirmngr behind.
    await context.exec(['gpgconf', '--homedir', home, '--kill', 'all'], { env: PLAIN });
    if (received.retcode !== 0) {
      refuse(context, `Unable to add repo key: ${received.stderr.trim()}`);
      return undefined;
    }
    const exported = await context.exec([...gpg, '--armor', '--export', keyid], { env: PLAIN });
    requireSuccess(exported, `gpg cannot export ${keyid}`);
    return Buffer.from(exported.stdout);
  });
}

/** Each file of the folder with what gpg says of it; of what holds no key it says nothing. */
async function keyFiles(context: MinionContext, place: KeyPlace) {
  const folder = folderOf(place);
  if (!(await hasFolder(context, folder))) return undefined;
  const names = fileRoot(context.root).list(folder);
  return withGpgHome(async (home) => {
    const files: { path: string; listing: string }[] = [];
    for (const name of names) {
      const path = join(context.root, folder, name);
      const argv = ['gpg', '--homedir', home, '--batch', '--show-keys', ...LISTING, '--', path] as const;
      files.push({ path, listing: (await context.exec(argv, { env: PLAIN })).stdout });
    }
    return files;
  });
}

/** A home that gpg may fill, gone afterwards. */
function withGpgHome<T>(use: (home: string) => Promise<T>): Promise<T> {
  return withTemporaryFile('', { name: 'gpg.conf', mode: 0o600 }, (file) => use(dirname(file)));
}
