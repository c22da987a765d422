import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { figure } from './figure.ts';
import { fullName, type Measure, median, meetsBar } from './measure.ts';
import { barText } from './verdict.ts';

/** What a figure means nothing without. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** `Linux 6.1.0`. */
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted a core in the minute before. */
  readonly loadBefore: number;
  /** What one look into 16 MiB takes, nanoseconds: neighbours of a virtual machine may take its cache. */
  readonly memoryNs?: number | undefined;
}

const LOOKS = 500_000;
/** Places of four bytes. */
const PLACES = 2 ** 22;

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: `${type()} ${release()}`,
    node: process.version,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
    memoryNs: Math.round(measureMemoryNs()),
  };
}

/** Each look depends on the one before. A linear congruential sequence goes through all places (Hull and Dobell, 1962). */
function measureMemoryNs(): number {
  const next = Uint32Array.from({ length: PLACES }, (_, place) => (Math.imul(place, 1_664_525) + 1_013_904_223) >>> 0);
  let place = 0;
  const from = performance.now();
  for (let look = 0; look < LOOKS; look++) place = next[place & (PLACES - 1)]!;
  const took = performance.now() - from;
  // Used, so that the loop is not left out.
  return place < 0 ? Number.NaN : (took / LOOKS) * 1e6;
}

export function machineText({ cpu, cores, memoryGiB, kernel, node }: Machine): string {
  return `${cores} × ${cpu}, ${memoryGiB} GiB, ${kernel}, Node ${node}`;
}

export function toTable(machine: Machine, measures: readonly Measure[]): string {
  const head = ['measure', 'median', 'min', 'max', 'runs', 'unit', 'bar', ''];
  const rows = [head, ...measures.map(row)];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) =>
        column >= 1 && column <= 4 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  const memory = `a look into 16 MiB takes ${machine.memoryNs ?? '?'} ns`;
  return [`${machineText(machine)}, load ${machine.loadBefore} before, ${memory}`, '', ...lines].join('\n');
}

function row(measure: Measure): string[] {
  const { unit, values } = measure;
  const verdict = { true: 'met', false: 'MISSED', undefined: '' }[`${meetsBar(measure)}`];
  const figures = [median(values), Math.min(...values), Math.max(...values)].map(figure);
  return [fullName(measure), ...figures, String(values.length), unit, barText(measure), verdict!];
}
