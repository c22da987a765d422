import type { FileRoot } from '../file_root.ts';
import { TICKS_PER_SECOND } from './process_stat.ts';

/** As psutil names them, in the kernel's order. */
const NAMES = 'user nice system idle iowait irq softirq steal guest guest_nice'.split(' ');

export interface ProcessorTimes {
  readonly all: Readonly<Record<string, number>>;
  readonly each: readonly Readonly<Record<string, number>>[];
}

/** Seconds since the boot, of all processors together and of each that is in use. */
export function processorTimes(files: FileRoot): ProcessorTimes {
  const rows = [...(files.readText('/proc/stat') ?? '').matchAll(/^cpu(\d*) +(.*)$/gm)];
  const times = rows.map(([, number = '', counts = '']) => {
    const ticks = counts.split(' ').map(Number);
    const seconds = NAMES.map((name, index) => [name, (ticks[index] ?? 0) / TICKS_PER_SECOND]);
    return { number, seconds: Object.fromEntries(seconds) as Record<string, number> };
  });
  const [all] = times.filter(({ number }) => number === '');
  return { all: all?.seconds ?? {}, each: times.filter(({ number }) => number !== '').map(({ seconds }) => seconds) };
}

/** How busy a processor was between two looks, in percent with one digit. */
export function busyPercent(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): number {
  const grown = (name: string) => Math.max(0, (after[name] ?? 0) - (before[name] ?? 0));
  // The time of guests is in that of user and nice.
  const total = NAMES.filter((name) => !name.startsWith('guest')).reduce((sum, name) => sum + grown(name), 0);
  const idle = grown('idle') + grown('iowait');
  return total === 0 ? 0 : Math.round(((total - idle) / total) * 1000) / 10;
}
