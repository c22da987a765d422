import * as v from 'valibot';
import { sleep } from '../../../shared/clock.ts';
import { AbsolutePath, Flag, Real, Text } from '../../../shared/plugin/args.ts';
import { formatTime } from '../../../shared/render/salt/format_time.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { columns, type FileRoot, fileRoot } from '../file_root.ts';
import { filesystemSize, type Mount, mountOf, readMounts } from '../mounts.ts';
import { loggedInUsers } from './logged_in.ts';
import { busyPercent, processorTimes } from './processor_times.ts';
import { bootSeconds, pageBytes } from './system_facts.ts';
import {
  diskCounters,
  interfaceCounters,
  isWholeDisk,
  memoryUsage,
  percentOf,
  sumCounters,
  swapUsage,
} from './usage_counters.ts';

const Seconds = v.pipe(Real, v.minValue(0.01, 'must be at least 0.01'), v.maxValue(3600, 'must be at most 3600'));
const perCpu = v.optional(Flag, false);
const all = v.optional(Flag, false);
const noArgs = { args: {}, reads: true } as const;

export const usageFunctions = {
  cpu_percent: fn({
    summary: 'Return how busy the processors are, in percent.',
    args: { interval: v.optional(Seconds, 0.1), per_cpu: perCpu },
    description: 'They are watched for interval seconds. With per_cpu=True a list, one number for each.',
    examples: ["salt '*' ps.cpu_percent", "salt '*' ps.cpu_percent 1 per_cpu=True"],
    reads: true,
    async run({ root, clock, signal }, { interval, per_cpu }) {
      const before = processorTimes(fileRoot(root));
      await sleep(clock, interval * 1000, signal);
      const after = processorTimes(fileRoot(root));
      if (!per_cpu) return busyPercent(before.all, after.all);
      return after.each.map((times, index) => busyPercent(before.each[index] ?? times, times));
    },
  }),
  cpu_times: fn({
    summary: 'Return the seconds that the processors spent since the boot, by kind of work.',
    args: { per_cpu: perCpu },
    examples: ["salt '*' ps.cpu_times", "salt '*' ps.cpu_times per_cpu=True"],
    reads: true,
    run({ root }, { per_cpu }) {
      const times = processorTimes(fileRoot(root));
      return per_cpu ? times.each : times.all;
    },
  }),
  num_cpus: fn({
    ...noArgs,
    summary: 'Return the number of processors.',
    examples: ["salt '*' ps.num_cpus"],
    run: ({ root }) => processorTimes(fileRoot(root)).each.length,
  }),
  virtual_memory: fn({
    ...noArgs,
    summary: 'Return the use of memory, in bytes.',
    examples: ["salt '*' ps.virtual_memory"],
    run: ({ root }) => memoryUsage(fileRoot(root)),
  }),
  swap_memory: fn({
    ...noArgs,
    summary: 'Return the use of swap space, in bytes.',
    description: '`sin` and `sout` are what was read and written since the boot.',
    examples: ["salt '*' ps.swap_memory"],
    run: async ({ root }) => swapUsage(fileRoot(root), await pageBytes(root)),
  }),
  total_physical_memory: fn({
    ...noArgs,
    summary: 'Return the bytes of memory that the machine has.',
    examples: ["salt '*' ps.total_physical_memory"],
    run: async ({ root }) => (await memoryUsage(fileRoot(root))).total,
  }),
  disk_partitions: fn({
    summary: 'Return what is mounted from disks: device, mount point, type and options.',
    args: { all },
    description: 'With all=True everything that is mounted.',
    examples: ["salt '*' ps.disk_partitions", "salt '*' ps.disk_partitions all=True"],
    reads: true,
    run: ({ root }, args) => partitions(fileRoot(root), args.all).map(describePartition),
  }),
  disk_usage: fn({
    summary: 'Return the size of the file system that a path is on, in bytes, and what of it is used and free.',
    args: { path: AbsolutePath },
    examples: ["salt '*' ps.disk_usage /home"],
    reads: true,
    async run(context, { path }) {
      const mount = mountOf(readMounts(fileRoot(context.root)), path);
      const usage = mount && (await diskUsage(context, { ...mount, path }));
      if (usage === undefined) throw commandFailed(`the size of ${path} cannot be told`, 'is there such a path?');
      return usage;
    },
  }),
  disk_partition_usage: fn({
    summary: 'Return what is mounted from disks with its size and use.',
    args: { all },
    examples: ["salt '*' ps.disk_partition_usage"],
    reads: true,
    async run(context, args) {
      const found: Record<string, unknown>[] = [];
      for (const mount of partitions(fileRoot(context.root), args.all)) {
        found.push({ ...describePartition(mount), ...(await diskUsage(context, mount)) });
      }
      return found;
    },
  }),
  boot_time: fn({
    summary: 'Return when the machine was started, in seconds since 1970.',
    args: { time_format: v.optional(Text) },
    description: 'time_format is one of strftime, and the time is then that of the time zone of the minion.',
    examples: ["salt '*' ps.boot_time", "salt '*' ps.boot_time time_format='%c'"],
    reads: true,
    run({ root }, { time_format }) {
      const seconds = bootSeconds(fileRoot(root));
      return time_format === undefined ? seconds : formatTime(new Date(seconds * 1000), time_format);
    },
  }),
  network_io_counters: fn({
    summary: 'Return what the network interfaces carried since the boot, or one of them.',
    args: { interface: v.optional(Text) },
    returns: '``False`` when there is no such interface.',
    examples: ["salt '*' ps.network_io_counters", "salt '*' ps.network_io_counters interface=eth0"],
    reads: true,
    async run({ root }, { interface: name }) {
      const counters = await interfaceCounters(fileRoot(root));
      return name === undefined ? sumCounters(Object.values(counters)) : (counters[name] ?? false);
    },
  }),
  disk_io_counters: fn({
    summary: 'Return what the disks read and wrote since the boot, or one disk or partition.',
    args: { device: v.optional(Text) },
    returns: '``False`` when there is no such device.',
    examples: ["salt '*' ps.disk_io_counters", "salt '*' ps.disk_io_counters device=sda1"],
    reads: true,
    async run({ root }, { device }) {
      const files = fileRoot(root);
      const counters = await diskCounters(files);
      if (device !== undefined) return counters[device] ?? false;
      const disks = Object.entries(counters).filter(([name]) => isWholeDisk(files, name));
      return sumCounters(disks.map(([, own]) => own));
    },
  }),
  get_users: fn({
    ...noArgs,
    summary: 'Return who is logged in.',
    examples: ["salt '*' ps.get_users"],
    run: (context) => loggedInUsers(context),
  }),
};

/** Of disks are those whose type the kernel does not call `nodev`, and ZFS, which has devices of its own. */
function partitions(files: FileRoot, isAll: boolean): Mount[] {
  const rows = columns(files.readText('/proc/filesystems'));
  const types = new Set(rows.filter(([mark]) => mark !== 'nodev').map(([type]) => type));
  types.add('zfs');
  return readMounts(files).filter(({ device, fstype }) => isAll || (device !== '' && types.has(fstype)));
}

function describePartition({ device, path, fstype, options }: Mount): Record<string, unknown> {
  return { device, mountpoint: path, fstype, opts: options.join(',') };
}

async function diskUsage(context: MinionContext, mount: Mount): Promise<Record<string, number> | undefined> {
  const size = await filesystemSize(context, mount);
  if (size === undefined) return undefined;
  const used = (size.blocks - size.blocksFree) * size.blockBytes;
  const free = size.blocksAvailable * size.blockBytes;
  // Of what users can have: the blocks that are kept for root do not count.
  return { total: size.blocks * size.blockBytes, used, free, percent: percentOf(used, used + free) };
}
