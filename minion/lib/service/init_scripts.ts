import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';
import { ifThere } from '../../../shared/if_there.ts';

/** Files of /etc/init.d that are no services. */
const NO_SERVICES = new Set([
  'README',
  'functions',
  'functions.sh',
  'rc',
  'rcS',
  'single',
  'skeleton',
  'halt',
  'reboot',
]);

/** What package managers and editors leave beside the scripts. */
const LEFTOVER = /^\.|~$|\.(dpkg-\w+|rpm\w+|bak|orig)$/;

/** The scripts in /etc/init.d that can be run, sorted. */
export async function listInitScripts(root: string): Promise<string[]> {
  const folder = join(root, 'etc/init.d');
  const names = (await listFolder(folder)).filter((name) => !NO_SERVICES.has(name) && !LEFTOVER.test(name));
  const executable = await Promise.all(names.map((name) => isExecutable(join(folder, name))));
  return names.filter((_, index) => executable[index]).sort();
}

/** Services of those scripts that are not among `names`. */
export async function listOthers(root: string, names: readonly string[]): Promise<string[]> {
  const known = new Set(names);
  return (await listInitScripts(root)).filter((name) => !known.has(name));
}

/** File names; none when there is no such folder. */
export async function listFolder(folder: string): Promise<string[]> {
  return (await ifThere(readdir(folder))) ?? [];
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** The services that links such as `S20ssh` in these folders start, sorted. */
export async function startedByLinks(folders: readonly string[]): Promise<string[]> {
  const names = new Set<string>();
  for (const link of (await Promise.all(folders.map(listFolder))).flat()) {
    const service = /^S\d+(.+)$/.exec(link)?.[1];
    if (service !== undefined) names.add(service);
  }
  return [...names].sort();
}
