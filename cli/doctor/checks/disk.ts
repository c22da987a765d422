import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemReason } from '../../../shared/system_reason.ts';
import { bytesText } from '../bytes_text.ts';
import { defineCheck, type Finding, fail, ok, warn } from '../check.ts';
import type { MasterMachine, MinionMachine } from '../machine.ts';

const MIB = 1024 ** 2;
/** The master stores nothing while less than 8 MiB are left; a minion needs as much for one large return. */
const RESERVE_BYTES = 16 * MIB;
const RESERVE_INODES = 100;
const FEW_INODES = 2000;

/** A file system that something of ours is on. */
export interface DiskFacts {
  /** The setting that names the path. */
  readonly setting: string;
  readonly path: string;
  /** What of it is there: before the first start, a directory above. */
  readonly existing: string;
  readonly freeBytes: number;
  /** Below it, what is allowed to grow no longer fits. */
  readonly wantedBytes: number;
  /** Of a file system that counts them. */
  readonly freeInodes?: number;
  /** Why it cannot be written, in words. */
  readonly problem?: string;
}

export default defineCheck<readonly DiskFacts[]>({
  summary: 'Whether there is room, in bytes and inodes, for the store, the outbox, keys and logs.',
  stage: 'machine',
  gather: { master: gatherMaster, minion: gatherMinion },
  judge: (disks) => disks.map(judge),
});

function gatherMaster({ config }: MasterMachine): Promise<DiskFacts[]> {
  return gather(config, 2 * RESERVE_BYTES + config.event_log_bytes);
}

function gatherMinion({ config }: MinionMachine): Promise<DiskFacts[]> {
  return gather(config, RESERVE_BYTES + config.max_outbox_bytes);
}

async function gather(
  config: { readonly cachedir: string; readonly pki_dir: string; readonly log_file: string | null },
  wantedBytes: number,
): Promise<DiskFacts[]> {
  const places = [
    { setting: 'cachedir', path: config.cachedir, wantedBytes },
    { setting: 'pki_dir', path: config.pki_dir, wantedBytes: RESERVE_BYTES },
    ...(config.log_file === null
      ? []
      : [{ setting: 'log_file', path: dirname(config.log_file), wantedBytes: 4 * RESERVE_BYTES }]),
  ];
  const found = new Map<number, DiskFacts>();
  for (const place of places) {
    const existing = await nearestThere(place.path);
    const { dev } = await stat(existing);
    if (!found.has(dev)) found.set(dev, { ...place, existing, ...(await sizeOf(existing)) });
  }
  return [...found.values()];
}

/** Before the first start there is only what is above. */
async function nearestThere(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || path === dirname(path) ? path : nearestThere(dirname(path));
}

async function sizeOf(path: string): Promise<Pick<DiskFacts, 'freeBytes' | 'freeInodes' | 'problem'>> {
  const { bavail, bsize, files, ffree } = await statfs(path);
  const problem = await access(path, constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => (error.code === 'EROFS' ? systemReason(error) : undefined),
  );
  return {
    freeBytes: bavail * bsize,
    // Some file systems, such as btrfs, make inodes as they need them and count none.
    ...(files > 0 && { freeInodes: ffree }),
    ...(problem !== undefined && { problem }),
  };
}

function judge({ setting, path, existing, freeBytes, wantedBytes, freeInodes, problem }: DiskFacts): Finding {
  const where = `${setting} ${path}`;
  const mount = `"$(stat -c %m ${existing})"`;
  const largest = `du -xh ${mount} | sort -h | tail -n 20  # shows what takes the room`;
  const crowded = `du -x --inodes ${mount} | sort -n | tail -n 20  # shows where the files are`;
  if (problem !== undefined) return fail(`${where}: ${problem}`, `mount -o remount,rw ${mount}; dmesg | tail -n 20`);
  const free = `${bytesText(freeBytes)} are free`;
  if (freeBytes < RESERVE_BYTES) {
    return fail(`${where}: the disk is full, ${free}: nothing more can be stored`, largest);
  }
  if (freeInodes !== undefined && freeInodes < RESERVE_INODES) {
    return fail(`${where}: ${freeInodes} inodes are free: no more files can be made, whatever room there is`, crowded);
  }
  if (freeBytes < wantedBytes) return warn(`${where}: ${free}, ${bytesText(wantedBytes)} may be needed`, largest);
  if (freeInodes !== undefined && freeInodes < FEW_INODES)
    return warn(`${where}: ${freeInodes} inodes are free`, crowded);
  return ok(`${where}: ${free}${freeInodes === undefined ? '' : `, and ${freeInodes} inodes`}`);
}
