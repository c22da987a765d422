import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorLine, FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { MinionContext } from '../context.ts';
import { columns, type FileRoot } from './file_root.ts';

export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly fstype: string;
  readonly options: readonly string[];
}

/** Blocks and inodes of a file system. */
export interface FilesystemSize {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly blocksFree: number;
  /** To a user who is not root. */
  readonly blocksAvailable: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** What is mounted, in the order of mounting; of two on one path the later, which hides the other. */
export function readMounts(files: FileRoot): Mount[] {
  const mounts = columns(files.readText('/proc/mounts')).map(([device = '', path = '', fstype = '', options = '']) => ({
    device: withBlanks(device),
    path: withBlanks(path),
    fstype,
    options: options.split(',').map(withBlanks),
  }));
  return [...new Map(mounts.map((mount) => [mount.path, mount])).values()];
}

/** The kernel, and fstab, write blanks and backslashes as octal numbers. */
export function withBlanks(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount that a path is on. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const isAbove = (mount: Mount) => mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`);
  return mounts.filter(isAbove).sort((a, b) => b.path.length - a.path.length)[0];
}

/** As df lists them: a device that is mounted in several places once, where its path is shortest. */
export function withoutDuplicates(mounts: readonly Mount[]): Mount[] {
  const shortest = new Map<string, Mount>();
  for (const mount of mounts) {
    // Btrfs subvolumes have one device and are different file systems all the same.
    const isShared = mount.device.startsWith('/') && mount.fstype !== 'btrfs';
    const key = isShared ? mount.device : mount.path;
    const known = shortest.get(key);
    if (known === undefined || mount.path.length < known.path.length) shortest.set(key, mount);
  }
  return [...shortest.values()];
}

const NETWORK = /^(nfs|cifs|smb|ceph|9p|afs|lustre|gfs2|ocfs2|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone|davfs))/;

/** Longest wait for a file server. */
const SERVER_TIMEOUT_MS = 5000;

/** Undefined when it cannot be told: not permitted, gone meanwhile, or on a server that does not answer. */
export async function filesystemSize(
  context: Pick<MinionContext, 'root' | 'exec' | 'log'>,
  mount: Mount,
): Promise<FilesystemSize | undefined> {
  try {
    return NETWORK.test(mount.fstype) ? await sizeByProcess(context, mount) : await sizeBySystemCall(context, mount);
  } catch (error) {
    if (systemErrorCode(error) === undefined && !(error instanceof FleetError)) throw error;
    context.log.warning('a file system is left out', { path: mount.path, reason: errorLine(error) });
    return undefined;
  }
}

async function sizeBySystemCall({ root }: Pick<MinionContext, 'root'>, { path }: Mount): Promise<FilesystemSize> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(join(root, path));
  return {
    blockBytes: bsize,
    blocks,
    blocksFree: bfree,
    blocksAvailable: bavail,
    inodes: files,
    inodesFree: ffree,
  };
}

/** A server that hangs would hold one of Node's four file threads for ever; a process can be ended. */
async function sizeByProcess(
  { exec }: Pick<MinionContext, 'exec'>,
  { path }: Mount,
): Promise<FilesystemSize | undefined> {
  const { stdout, retcode } = await exec(['stat', '-f', '-c', '%S %b %f %a %c %d', path], {
    timeoutMs: SERVER_TIMEOUT_MS,
  });
  const sizes = stdout.trim().split(' ').map(Number);
  if (retcode !== 0 || sizes.length !== 6 || sizes.some(Number.isNaN)) return undefined;
  const [blockBytes = 0, blocks = 0, blocksFree = 0, blocksAvailable = 0, inodes = 0, inodesFree = 0] = sizes;
  return { blockBytes, blocks, blocksFree, blocksAvailable, inodes, inodesFree };
}
