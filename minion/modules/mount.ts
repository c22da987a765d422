import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../../shared/errors.ts';
import { AbsolutePath, Count, Flag, Integer, Text, TextList, Value } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { commandFailed, type ExecOptions } from '../lib/exec.ts';
import { readTextFile, saveEdit } from '../lib/file/text_file.ts';
import { columns, fileRoot } from '../lib/file_root.ts';
import { findExecutable } from '../lib/find_executable.ts';
import { activeMountDetails, activeMounts } from '../lib/mount/active.ts';
import {
  describeFstab,
  FSTAB_KEYS,
  type FstabKey,
  fstabEntry,
  keysToMatch,
  removeFstabEntry,
  setFstabEntry,
} from '../lib/mount/fstab.ts';
import { changeMountCache, readMountCache } from '../lib/mount/mount_cache.ts';
import { mountOf, readMounts, withBlanks } from '../lib/mounts.ts';
import { searchPath } from '../lib/run_command.ts';

/** What becomes an argument of mount, or a field of a line. */
const Field = v.pipe(Text, v.regex(/^[^-\n][^\n]*$/, 'must be one line that does not begin with a dash'));
const Options = v.pipe(
  v.union([v.array(Text), Text]),
  v.transform((options) => [options].flat().join(',') || 'defaults'),
  v.regex(/^[^\n]*$/, 'must be options in one text or in a list'),
);
const Keys = v.pipe(
  TextList,
  v.check(
    (keys) => keys.length > 0 && keys.every((key) => key === 'auto' || FSTAB_KEYS.includes(key as FstabKey)),
    `must be auto, or some of ${FSTAB_KEYS.join(', ')}`,
  ),
);
const config = v.optional(AbsolutePath, '/etc/fstab');
const mountArgs = {
  mkmnt: v.optional(Flag, false),
  fstype: v.optional(Text, ''),
  opts: v.optional(Options, 'defaults'),
  user: v.optional(Text),
};
const util = v.optional(v.literal('mount', 'must be mount'), 'mount');

export default defineModule({
  summary: 'Mount file systems, use swap areas, and keep /etc/fstab.',
  unavailable: (context) =>
    fileRoot(context.root).exists('/proc/mounts') ? undefined : 'there is no /proc/mounts on this system',
  functions: {
    active: fn({
      summary: 'Return what is mounted, by mount point.',
      args: { extended: v.optional(Flag, false) },
      description: 'With extended=True also ids, the device number, options of the file system, UUID and label.',
      examples: ["salt '*' mount.active", "salt '*' mount.active extended=True"],
      reads: true,
      run: (context, { extended }) => (extended ? activeMountDetails(context) : activeMounts(context)),
    }),
    is_mounted: fn({
      summary: 'Return whether something is mounted at a path.',
      args: { name: AbsolutePath },
      examples: ["salt '*' mount.is_mounted /mnt/share"],
      reads: true,
      run: (context, { name }) => isMounted(context, name),
    }),
    fstab: fn({
      summary: 'Return the entries of a fstab, by mount point.',
      args: { config },
      returns:
        'A mount point that is there again has underscores at its end, so that `none` and `none_` are swap areas.',
      examples: ["salt '*' mount.fstab"],
      reads: true,
      run: (context, { config: file }) => describeFstab(fileRoot(context.root).readText(file) ?? ''),
    }),
    rm_fstab: fn({
      summary: 'Remove an entry from a fstab.',
      args: { name: Field, device: v.nullable(Field), config },
      description: 'With None for the device every entry of the mount point goes.',
      returns: '``True``, also when there is no such entry.',
      examples: ["salt '*' mount.rm_fstab /mnt/foo /dev/sdg"],
      async run(context, { name, device, config: path }) {
        const file = await readTextFile(join(context.root, path));
        await saveEdit(context, file, removeFstabEntry(file.text, name, device), {
          backup: false,
          preserve_inode: false,
        });
        return true;
      },
    }),
    set_fstab: fn({
      summary: 'Ensure an entry of a fstab; all other lines stay as they are.',
      description:
        'The entry is looked for by its device, and by its mount point where the device says nothing, as with tmpfs, nfs\n' +
        'or btrfs; match_on says otherwise. With not_change=True one that is found stays as it is.',
      args: {
        ...{ name: Field, device: Field, fstype: Field, opts: v.optional(Options, 'defaults') },
        ...{ dump: v.optional(Count, 0), pass_num: v.optional(Count, 0), config, test: v.optional(Flag, false) },
        ...{ match_on: v.optional(Keys, 'auto'), not_change: v.optional(Flag, false) },
      },
      returns: '`new`, `change` or `present`.',
      examples: ["salt '*' mount.set_fstab /mnt/foo /dev/sdz1 ext4"],
      async run(context, { config: path, test, match_on, not_change, ...fields }) {
        if (!fileRoot(context.root).exists(path)) throw commandFailed(`Bad config file "${path}"`);
        const file = await readTextFile(join(context.root, path));
        const keys = match_on.includes('auto') ? keysToMatch(fields.fstype) : (match_on as FstabKey[]);
        const { text, result } = setFstabEntry(file.text, fstabEntry(fields), keys, not_change);
        if (!test) await saveEdit(context, file, text, { backup: false, preserve_inode: false });
        return result;
      },
    }),
    mount: fn({
      summary: 'Mount a device.',
      args: { name: AbsolutePath, device: v.optional(v.union([v.literal(false), Field]), false), ...mountArgs, util },
      description: 'Without a device, what fstab says of the mount point. mkmnt=True makes the mount point.',
      returns: '``True``, or what mount says against it.',
      examples: ["salt '*' mount.mount /mnt/foo /dev/sdz1 True", "salt '*' mount.mount /mnt/foo"],
      async run(context, { name, device, ...how }) {
        if (how.mkmnt) await context.call('file.mkdir', [name], { user: how.user });
        return device === false
          ? runMount(context, ['mount', name], how.user)
          : runMount(context, mountArgv(name, device, how), how.user);
      },
    }),
    remount: fn({
      summary: 'Mount what is mounted already anew, with other options; mount it if it is not.',
      args: { name: AbsolutePath, device: Field, ...mountArgs },
      returns: '``True``, or what mount says against it.',
      examples: ["salt '*' mount.remount /mnt/foo /dev/sdz1 True"],
      async run(context, { name, device, ...how }) {
        if (!isMounted(context, name)) return context.call('mount.mount', [name, device], how);
        const opts = how.opts.split(',').includes('remount') ? how.opts : `${how.opts},remount`;
        return runMount(context, mountArgv(name, device, { ...how, opts }), how.user);
      },
    }),
    umount: fn({
      summary: 'Unmount what is mounted at a path, or a device.',
      args: {
        ...{ name: AbsolutePath, device: v.optional(Field), user: v.optional(Text), util },
        lazy: v.optional(Flag, false),
      },
      description: 'lazy=True takes it from the tree now and cleans up when it is no longer busy.',
      returns: '``True``, or what is against it.',
      examples: ["salt '*' mount.umount /mnt/foo", "salt '*' mount.umount /mnt/foo /dev/xvdc1"],
      async run(context, { name, device, user, lazy }) {
        if (!isMounted(context, name)) return `${name} does not have anything mounted`;
        return runMount(context, ['umount', ...(lazy ? ['-l'] : []), device ?? name], user);
      },
    }),
    is_fuse_exec: fn({
      summary: 'Return whether a command mounts file systems by FUSE.',
      args: { cmd: Text },
      examples: ["salt '*' mount.is_fuse_exec sshfs"],
      reads: true,
      async run(context, { cmd }) {
        const path = await findExecutable(cmd, searchPath(context));
        return path !== undefined && (await context.exec(['ldd', path])).stdout.includes('libfuse');
      },
    }),
    swaps: fn({
      summary: 'Return the swap areas that are in use: type, size and used in KiB, priority.',
      args: {},
      examples: ["salt '*' mount.swaps"],
      reads: true,
      run: (context) => readSwaps(context),
    }),
    swapon: fn({
      summary: 'Use a swap area.',
      args: { name: AbsolutePath, priority: v.optional(Integer) },
      returns: 'what mount.swaps says of it under `stats`, and under `new` whether it was not in use before.',
      examples: ["salt '*' mount.swapon /root/swapfile", "salt '*' mount.swapon /root/swapfile priority=5"],
      async run(context, { name, priority }) {
        const before = readSwaps(context)[name];
        if (before !== undefined) return { stats: before, new: false };
        await runSwap(context, ['swapon', ...(priority === undefined ? [] : ['-p', String(priority)]), name]);
        return { stats: readSwaps(context)[name], new: true };
      },
    }),
    swapoff: fn({
      summary: 'Stop using a swap area.',
      args: { name: AbsolutePath },
      returns: '``True``, and ``None`` when it is not in use.',
      examples: ["salt '*' mount.swapoff /root/swapfile"],
      async run(context, { name }) {
        if (readSwaps(context)[name] === undefined) return null;
        await runSwap(context, ['swapoff', name]);
        return readSwaps(context)[name] === undefined;
      },
    }),
    read_mount_cache: fn({
      summary: 'Return what was remembered of a mount.',
      args: { name: AbsolutePath },
      returns: 'an empty mapping when nothing was.',
      examples: ["salt '*' mount.read_mount_cache /mnt/share"],
      reads: true,
      run: (context, { name }) => readMountCache(context)[name] ?? {},
    }),
    write_mount_cache: fn({
      summary: 'Remember how something is mounted.',
      args: { real_name: AbsolutePath, device: Text, mkmnt: Flag, fstype: Text, mount_opts: Value },
      returns: '``True``.',
      examples: ["salt '*' mount.write_mount_cache /mnt/share /dev/sda1 False ext4 defaults,nosuid"],
      async run(context, { real_name, device, mkmnt, fstype, mount_opts: opts }) {
        await changeMountCache(context, real_name, { device, fstype, mkmnt, opts });
        return true;
      },
    }),
    delete_mount_cache: fn({
      summary: 'Forget what was remembered of a mount.',
      args: { real_name: AbsolutePath },
      returns: '``True``.',
      examples: ["salt '*' mount.delete_mount_cache /mnt/share"],
      async run(context, { real_name }) {
        if (Object.hasOwn(readMountCache(context), real_name)) await changeMountCache(context, real_name, undefined);
        return true;
      },
    }),
    get_mount_from_path: fn({
      summary: 'Return the mount point that a path is on.',
      args: { path: AbsolutePath },
      examples: ["salt '*' mount.get_mount_from_path /opt/some/nested/path"],
      reads: true,
      run: async (context, { path }) => (await mountAbove(context, path))?.path ?? '/',
    }),
    get_device_from_path: fn({
      summary: 'Return the device that a path is on.',
      args: { path: AbsolutePath },
      examples: ["salt '*' mount.get_device_from_path /"],
      reads: true,
      run: async (context, { path }) => (await mountAbove(context, path))?.device ?? null,
    }),
  },
});

function isMounted({ root }: MinionContext, name: string): boolean {
  const wanted = name.replace(/(?<=.)\/+$/, '');
  return readMounts(fileRoot(root)).some(({ path }) => path === wanted);
}

function mountArgv(name: string, device: string, { opts, fstype }: { opts: string; fstype: string }) {
  return ['mount', '-o', opts, ...(fstype === '' ? [] : ['-t', fstype]), device, name] as const;
}

async function runMount(
  { exec, setRetcode }: MinionContext,
  argv: readonly [string, ...string[]],
  runas: string | undefined,
): Promise<true | string> {
  const options: ExecOptions = { env: { LC_ALL: 'C' }, ...(runas !== undefined && { runas }) };
  const { retcode, stderr } = await exec(argv, options);
  if (retcode === 0) return true;
  setRetcode(retcode);
  return stderr.trimEnd();
}

async function runSwap({ exec }: MinionContext, argv: readonly [string, ...string[]]): Promise<void> {
  const { retcode, stderr } = await exec(argv, { env: { LC_ALL: 'C' } });
  if (retcode !== 0) throw commandFailed(stderr.trim() || `${argv.join(' ')} failed`);
}

function readSwaps({ root }: MinionContext): Readonly<Record<string, unknown>> {
  const rows = columns(fileRoot(root).readText('/proc/swaps')).slice(1);
  return Object.fromEntries(
    rows.map(([name = '', type, size, used, priority]) => [withBlanks(name), { type, size, used, priority }]),
  );
}

async function mountAbove({ root }: MinionContext, path: string) {
  return mountOf(readMounts(fileRoot(root)), join('/', relative(root, await realPath(join(root, path)))));
}

/** Links resolved as far as there is something. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    return realPath(dirname(path));
  }
}
