import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { AbsolutePath, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { deviceFunctions } from '../lib/disk/device_functions.ts';
import { hdparmFunctions } from '../lib/disk/hdparm.ts';
import { fileRoot } from '../lib/file_root.ts';
import {
  type FilesystemSize,
  filesystemSize,
  type Mount,
  mountOf,
  readMounts,
  withoutDuplicates,
} from '../lib/mounts.ts';

export default defineModule({
  summary: 'See how full the file systems are and what the block devices hold, and make file systems.',
  unavailable: (context) =>
    fileRoot(context.root).exists('/proc/mounts') ? undefined : 'there is no /proc/mounts on this system',
  functions: {
    usage: fn({
      summary: 'Return the usage of the mounted file systems in units of 1024 bytes.',
      args: { args: v.optional(Text) },
      description:
        '``args`` takes letters of df: `a` for file systems without blocks and duplicates too, `l` for local ones.',
      examples: ["salt '*' disk.usage"],
      reads: true,
      run: async (context, { args }) =>
        Object.fromEntries((await volumes(context, 'disk.usage', args)).map((volume) => [volume.path, usage(volume)])),
    }),
    inodeusage: fn({
      summary: 'Return the usage of inodes of the mounted file systems.',
      args: { args: v.optional(Text) },
      examples: ["salt '*' disk.inodeusage"],
      reads: true,
      run: async (context, { args }) =>
        Object.fromEntries(
          (await volumes(context, 'disk.inodeusage', args)).map((volume) => [volume.path, inodeUsage(volume)]),
        ),
    }),
    percent: fn({
      summary: 'Return how full the mounted file systems are, or the one at a mount point.',
      args: { args: v.optional(Text) },
      examples: ["salt '*' disk.percent", "salt '*' disk.percent /var"],
      reads: true,
      async run(context, { args: path }) {
        const all = (await volumes(context, 'disk.percent', undefined)).map((volume) => [
          volume.path,
          capacity(volume),
        ]);
        const percent: Record<string, string> = Object.fromEntries(all);
        return path === undefined ? percent : (percent[path] ?? {});
      },
    }),
    blkid: fn({
      summary: 'Return the attributes of block devices: UUID, LABEL, TYPE and so on.',
      args: { device: v.optional(AbsolutePath), token: v.optional(Text) },
      examples: [
        "salt '*' disk.blkid",
        "salt '*' disk.blkid /dev/sda",
        "salt '*' disk.blkid token='UUID=6a38ee5-7235-44e7-8b22-816a403bad5d'",
      ],
      reads: true,
      async run({ exec }, { device, token }) {
        const selection = device !== undefined ? [device] : token !== undefined ? ['-t', token] : [];
        return parseBlkid((await exec(['blkid', ...selection])).stdout);
      },
    }),
    fstype: fn({
      summary: 'Return the type of the file system on a block device.',
      args: { device: AbsolutePath },
      returns: 'an empty text when there is none.',
      examples: ["salt '*' disk.fstype /dev/sdX1"],
      reads: true,
      async run(context, { device }) {
        const mounted = readMounts(fileRoot(context.root)).find((mount) => mount.device === device);
        if (mounted !== undefined) return mounted.fstype;
        return (await context.exec(['blkid', '-o', 'value', '-s', 'TYPE', device])).stdout.trim();
      },
    }),
    get_fstype_from_path: fn({
      summary: 'Return the type of the file system that a path is on.',
      args: { path: AbsolutePath },
      examples: ["salt '*' disk.get_fstype_from_path /root"],
      reads: true,
      run: (context, { path }) => mountOf(readMounts(fileRoot(context.root)), path)?.fstype ?? '',
    }),
    ...deviceFunctions,
    ...hdparmFunctions,
  },
});

type Volume = Mount & FilesystemSize;

/** As df lists them. Throws COMMAND_FAILED for a letter that has no meaning here. */
async function volumes(context: MinionContext, name: string, flags = ''): Promise<Volume[]> {
  const unknown = /[^alkPv]/.exec(flags)?.[0];
  if (unknown !== undefined) {
    throw new FleetError('COMMAND_FAILED', `Invalid flag passed to ${name}: ${unknown}`, { hint: 'use a or l' });
  }
  const all = flags.includes('a');
  const mounts = readMounts(fileRoot(context.root));
  const chosen = (all ? mounts : withoutDuplicates(mounts)).filter((mount) => !flags.includes('l') || isLocal(mount));
  const found: Volume[] = [];
  // One at a time: a machine may have thousands, and Node has four file threads.
  for (const mount of chosen) {
    const size = await filesystemSize(context, mount);
    if (size !== undefined && (all || size.blocks > 0)) found.push({ ...mount, ...size });
  }
  return found;
}

/** df's rule: a remote device has its server before a colon or two slashes. */
function isLocal({ device }: Mount): boolean {
  return !device.includes(':') && !device.startsWith('//');
}

function usage(volume: Volume): Record<string, string> {
  const kib = (blocks: number) => String(Math.ceil((blocks * volume.blockBytes) / 1024));
  return {
    filesystem: volume.device,
    '1K-blocks': kib(volume.blocks),
    used: kib(volume.blocks - volume.blocksFree),
    available: kib(volume.blocksAvailable),
    capacity: capacity(volume),
  };
}

/** Of what users can have: the blocks kept for root do not count. */
function capacity({ blocks, blocksFree, blocksAvailable }: Volume): string {
  const used = blocks - blocksFree;
  return share(used, used + blocksAvailable);
}

function inodeUsage({ device, inodes, inodesFree }: Volume): Record<string, string> {
  const used = inodes - inodesFree;
  return {
    inodes: String(inodes),
    used: String(used),
    free: String(inodesFree),
    use: share(used, inodes),
    filesystem: device,
  };
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.ceil((part * 100) / whole)}%`;
}

/** Lines such as `/dev/sda1: UUID="…" TYPE="ext4"`. */
function parseBlkid(text: string): Record<string, Record<string, string>> {
  const devices: Record<string, Record<string, string>> = {};
  for (const line of text.split('\n')) {
    const [, device, attributes = ''] = /^(.+?): (.*)$/.exec(line) ?? [];
    if (device === undefined) continue;
    devices[device] = Object.fromEntries(
      [...attributes.matchAll(/(\S+?)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    );
  }
  return devices;
}
