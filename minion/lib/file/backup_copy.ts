import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, copyFile, readdir, realpath, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../../shared/errors.ts';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import { formatTime } from '../../../shared/render/salt/format_time.ts';
import type { MinionContext } from '../../context.ts';
import { isThere } from './owners.ts';
import { dirname, normalPath } from './paths.ts';

/** A copy among the minion's backups. */
export interface BackupCopy {
  /** Of the file that was copied. */
  readonly name: string;
  readonly location: string;
  readonly size: number;
  /** As Salt shows it. */
  readonly time: string;
  /** Microseconds, as if local time were UTC. */
  readonly at: number;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Name, day of the week, month, day, hour, minute, second, microseconds and year. */
const COPY_NAME = /^(.+)_([A-Z][a-z]{2})_([A-Z][a-z]{2})_(\d\d)_(\d\d):(\d\d):(\d\d)_(\d{6})_(\d{4})$/;

/** The minion's copies of the files in a folder, the latest first. */
export async function findBackups(context: MinionContext, folder: string): Promise<BackupCopy[]> {
  const place = placeOf(context, folder);
  const found: BackupCopy[] = [];
  for (const entry of await namesIn(place)) {
    const copy = readName(entry);
    if (copy === undefined) continue;
    const location = join(place, entry);
    found.push({ ...copy, location, size: (await stat(location)).size });
  }
  return found.sort((a, b) => b.at - a.at);
}

/** Copies a file into the minion's backups, with its owner, mode and times. */
export async function keepBackup(context: MinionContext, path: string): Promise<void> {
  const place = placeOf(context, dirname(path));
  await makeWithParents(place, 0o700);
  const now = new Date(context.clock.nowMs());
  const milliseconds = String(now.getMilliseconds()).padStart(3, '0');
  // Two changes within a millisecond are two copies.
  for (let more = 0; ; more++) {
    const fraction = milliseconds + String(more).padStart(3, '0');
    const name = `${path.slice(path.lastIndexOf('/') + 1)}${formatTime(now, `_%a_%b_%d_%H:%M:%S_${fraction}_%Y`)}`;
    try {
      return await copyNew(path, join(place, name));
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** Copies a file with its owner, mode and times, into the place of what has that name: a link there is not followed. */
export async function copyWhole(path: string, copy: string): Promise<void> {
  const temporary = `${copy}.${randomBytes(6).toString('hex')}`;
  try {
    await copyNew(path, temporary);
    await rename(temporary, copy);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function copyNew(path: string, copy: string): Promise<void> {
  const { uid, gid, mode, atime, mtime } = await stat(path);
  await copyFile(path, copy, constants.COPYFILE_EXCL);
  const made = await stat(copy);
  if (made.uid !== uid || made.gid !== gid) await chown(copy, uid, gid);
  await chmod(copy, mode & 0o7777);
  await utimes(copy, atime, mtime);
}

/** The name by which a file's backups are kept: that of the file itself, when the path is a link. */
export async function backedUpPath(path: string): Promise<string> {
  return (await isThere(path)) ? realpath(path) : normalPath(path);
}

function placeOf({ config }: Pick<MinionContext, 'config'>, folder: string): string {
  return join(String(config.cachedir), 'file_backup', folder);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}

function readName(text: string): Pick<BackupCopy, 'name' | 'time' | 'at'> | undefined {
  const [, name, weekday, month, day, hour, minute, second, fraction, year] = COPY_NAME.exec(text) ?? [];
  if (name === undefined) return undefined;
  const clockTime = [hour, minute, second].map(Number) as [number, number, number];
  const seconds = Date.UTC(Number(year), months.indexOf(month as string), Number(day), ...clockTime) / 1000;
  return {
    name,
    time: `${weekday} ${month} ${day} ${year} ${hour}:${minute}:${second}.${fraction}`,
    at: seconds * 1e6 + Number(fraction),
  };
}
