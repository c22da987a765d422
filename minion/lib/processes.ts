import { join } from 'node:path';
import { findUser, readAccounts } from './accounts.ts';
import { fileRoot } from './file_root.ts';

export interface ProcessInfo {
  readonly pid: string;
  /** Name, or the number of a user who has none. */
  readonly user: string;
  /** With its arguments; a thread of the kernel has its name in brackets. */
  readonly command: string;
}

/** So many processes are read at a time. */
const BATCH = 64;

/** All processes that run, by rising id. */
export async function readProcesses(root: string): Promise<ProcessInfo[]> {
  const accounts = await readAccounts(root);
  const files = fileRoot(root);
  const pids = files.list('/proc').filter((name) => /^\d+$/.test(name));
  const readOne = async (pid: string): Promise<ProcessInfo | undefined> => {
    const folder = join('/proc', pid);
    const [status, cmdline = ''] = await Promise.all([files.read(`${folder}/status`), files.read(`${folder}/cmdline`)]);
    // It may have ended meanwhile.
    if (status === undefined) return undefined;
    const uid = /^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1] ?? '';
    const name = /^Name:\s*(.*)$/m.exec(status)?.[1] ?? '';
    const command = cmdline.replace(/\0+$/, '').replaceAll('\0', ' ');
    return { pid, user: findUser(accounts, Number(uid))?.name ?? uid, command: command === '' ? `[${name}]` : command };
  };
  const found: (ProcessInfo | undefined)[] = [];
  for (let index = 0; index < pids.length; index += BATCH) {
    found.push(...(await Promise.all(pids.slice(index, index + BATCH).map(readOne))));
  }
  return found.filter((info): info is ProcessInfo => info !== undefined).sort((a, b) => Number(a.pid) - Number(b.pid));
}
