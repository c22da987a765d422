import { columns } from '../file_root.ts';

/** Counters of a block device, from the third column of /proc/diskstats on (iostats.rst of the kernel). */
type Counters = readonly number[];

const READS = 0;
const READS_MERGED = 1;
const SECTORS_READ = 2;
const READ_MS = 3;
const WRITES = 4;
const WRITES_MERGED = 5;
const SECTORS_WRITTEN = 6;
const WRITE_MS = 7;
const BUSY_MS = 9;
const WEIGHTED_MS = 10;

/** By name of the device. */
export function readCounters(text: string): ReadonlyMap<string, Counters> {
  const rows = columns(text);
  return new Map(rows.flatMap(([, , name, ...counters]) => (name === undefined ? [] : [[name, counters.map(Number)]])));
}

/** Between two looks, in the columns of `iostat -x`, with two digits. */
export function ioStatistics(before: Counters, after: Counters, seconds: number): Record<string, number> {
  const grown = (index: number) => Math.max(0, (after[index] ?? 0) - (before[index] ?? 0));
  const one = (letter: 'r' | 'w', [count, merged, sectors, ms]: readonly [number, number, number, number]) => ({
    [`${letter}/s`]: rounded(grown(count) / seconds),
    [`${letter}kB/s`]: rounded(grown(sectors) / 2 / seconds),
    [`${letter}rqm/s`]: rounded(grown(merged) / seconds),
    [`%${letter}rqm`]: rounded(share(grown(merged) * 100, grown(merged) + grown(count))),
    [`${letter}_await`]: rounded(share(grown(ms), grown(count))),
    [`${letter}areq-sz`]: rounded(share(grown(sectors) / 2, grown(count))),
  });
  return {
    ...one('r', [READS, READS_MERGED, SECTORS_READ, READ_MS]),
    ...one('w', [WRITES, WRITES_MERGED, SECTORS_WRITTEN, WRITE_MS]),
    'aqu-sz': rounded(grown(WEIGHTED_MS) / 1000 / seconds),
    '%util': rounded(Math.min(100, grown(BUSY_MS) / 10 / seconds)),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}
