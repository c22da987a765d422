import { readMemory } from '../beacon/memory.ts';
import { columns, type FileRoot } from '../file_root.ts';
import { diskStats, interfaceStats } from '../proc_stats.ts';

type Counters = Readonly<Record<string, number>>;

/** psutil's names of the counters of an interface, and those of /proc/net/dev. */
export const INTERFACE_COUNTERS = {
  bytes_sent: 'tx_bytes',
  bytes_recv: 'rx_bytes',
  packets_sent: 'tx_packets',
  packets_recv: 'rx_packets',
  errin: 'rx_errs',
  errout: 'tx_errs',
  dropin: 'rx_drop',
  dropout: 'tx_drop',
} as const;

/** Sectors are counted in this, whatever the disk has. */
const SECTOR_BYTES = 512;

/** psutil's names of the counters of a disk, those of /proc/diskstats, and what they are counted in. */
const DISK_COUNTERS = {
  read_count: ['reads_issued', 1],
  write_count: ['writes_completed', 1],
  read_bytes: ['sectors_read', SECTOR_BYTES],
  write_bytes: ['sectors_written', SECTOR_BYTES],
  read_time: ['ms_spent_reading', 1],
  write_time: ['ms_spent_writing', 1],
  read_merged_count: ['reads_merged', 1],
  write_merged_count: ['writes_merged', 1],
  busy_time: ['ms_spent_in_io', 1],
} as const;

/** By interface. */
export async function interfaceCounters(files: FileRoot): Promise<Readonly<Record<string, Counters>>> {
  const stats = interfaceStats(await files.read('/proc/net/dev'));
  return mapValues(stats, (own) => mapValues(INTERFACE_COUNTERS, (field) => Number(own[field])));
}

/** By block device, partitions too. */
export async function diskCounters(files: FileRoot): Promise<Readonly<Record<string, Counters>>> {
  const stats = diskStats(await files.read('/proc/diskstats'));
  return mapValues(stats, (own) => mapValues(DISK_COUNTERS, ([field, unit]) => Number(own[field] ?? 0) * unit));
}

/** Whole disks: the counters of a partition are in those of its disk. */
export function isWholeDisk(files: FileRoot, name: string): boolean {
  return files.exists(`/sys/block/${name.replaceAll('/', '!')}`);
}

export function sumCounters(all: readonly Counters[]): Counters {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, all.reduce((sum, counters) => sum + (counters[name] ?? 0), 0)]));
}

async function memoryBytes(files: FileRoot): Promise<Counters> {
  return mapValues(await readMemory(files), (kib) => kib * 1024);
}

/** As psutil counts it. */
export async function memoryUsage(files: FileRoot): Promise<Counters> {
  const info = await memoryBytes(files);
  const { MemTotal: total = 0, MemFree: free = 0, Buffers: buffers = 0, Shmem: shared = 0, Slab: slab = 0 } = info;
  const cached = (info.Cached ?? 0) + (info.SReclaimable ?? 0);
  const available = info.MemAvailable ?? free;
  const used = total - free - cached - buffers;
  return {
    ...{ total, available, percent: percentOf(total - available, total), used: used < 0 ? total - free : used, free },
    ...{ active: info.Active ?? 0, inactive: info.Inactive ?? 0, buffers, cached, shared, slab },
  };
}

/** `sin` and `sout` are bytes since the boot. */
export async function swapUsage(files: FileRoot, pageBytes: number): Promise<Counters> {
  const { SwapTotal: total = 0, SwapFree: free = 0 } = await memoryBytes(files);
  const pages = Object.fromEntries(
    columns(await files.read('/proc/vmstat')).map(([name, count]) => [name, Number(count)]),
  );
  const used = total - free;
  const moved = { sin: (pages.pswpin ?? 0) * pageBytes, sout: (pages.pswpout ?? 0) * pageBytes };
  return { total, used, free, percent: percentOf(used, total), ...moved };
}

/** With one digit. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}

function mapValues<V, R>(record: Readonly<Record<string, V>>, change: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
