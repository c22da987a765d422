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
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: `${type()} ${release()}`,
    node: process.version,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
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
  return [`${machineText(machine)}, load ${machine.loadBefore} before`, '', ...lines].join('\n');
}

function row(measure: Measure): string[] {
  const { unit, values } = measure;
  const verdict = { true: 'met', false: 'MISSED', undefined: '' }[`${meetsBar(measure)}`];
  const figures = [median(values), Math.min(...values), Math.max(...values)].map(figure);
  return [fullName(measure), ...figures, String(values.length), unit, barText(measure), verdict!];
}
