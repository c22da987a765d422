import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { type Clock, sleep } from '../../../shared/clock.ts';
import { systemErrorCode } from '../../../shared/errors.ts';
import { ifThere } from '../../../shared/if_there.ts';
import { commandFailed } from '../exec.ts';

/** As long as the programs of shadow-utils wait for each other. */
const WAIT_MS = 15_000;
const PAUSE_MS = 100;

/**
 * Runs an action while nobody else changes the file: by the lock that useradd and its kin hold, a file `<path>.lock`
 * with the number of its process. The lock of a process that is gone is taken. Throws COMMAND_FAILED after 15 seconds.
 */
export async function withFileLock<T>(path: string, clock: Clock, action: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await take(path, lock, clock);
  try {
    return await action();
  } finally {
    await unlink(lock);
  }
}

async function take(path: string, lock: string, clock: Clock): Promise<void> {
  const mine = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(mine, `${process.pid}\0`, { mode: 0o600, flag: 'wx' });
  try {
    for (let waitedMs = 0; !(await isLinked(mine, lock)); ) {
      const holder = await holderOf(lock);
      if (holder === 'gone') {
        await ifThere(unlink(lock));
        continue;
      }
      if (waitedMs >= WAIT_MS) {
        throw commandFailed(`${path} is locked by ${holder}`, `wait until it is done, or remove ${lock}`);
      }
      await sleep(clock, PAUSE_MS);
      waitedMs += PAUSE_MS;
    }
  } finally {
    await unlink(mine);
  }
}

/** A link is made whole or not at all. */
async function isLinked(mine: string, lock: string): Promise<boolean> {
  try {
    await link(mine, lock);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** In words; `gone` when no process of that number runs. What is no number belongs to somebody. */
async function holderOf(lock: string): Promise<string> {
  const pid = Number.parseInt((await ifThere(readFile(lock, 'utf8'))) ?? '', 10);
  if (Number.isNaN(pid)) return 'somebody';
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return 'gone';
    if (systemErrorCode(error) !== 'EPERM') throw error;
  }
  return `process ${pid}`;
}
