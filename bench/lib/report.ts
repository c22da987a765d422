import { cpus, loadavg, totalmem } from 'node:os';
import { type Measure, median, meetsBar } from './measure.ts';

/** What a figure means nothing without. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
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
    node: process.version,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}

export function toJson(name: string, machine: Machine, measures: readonly Measure[]): string {
  const results = measures.map((measure) => {
    const { name: what, unit, values, bar } = measure;
    const figures = { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
    return { name: what, unit, ...figures, bar, meets_bar: meetsBar(measure), values };
  });
  return JSON.stringify({ benchmark: name, at: new Date().toISOString(), machine, results }, null, 2);
}

export function toTable(machine: Machine, measures: readonly Measure[]): string {
  const { cpu, cores, memoryGiB, node, loadBefore } = machine;
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
  return [`${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node}, load ${loadBefore} before`, '', ...lines].join('\n');
}

function row(measure: Measure): string[] {
  const { name, unit, values, bar } = measure;
  const verdict = { true: 'met', false: 'MISSED', undefined: '' }[`${meetsBar(measure)}`];
  const limit = bar === undefined ? '' : 'max' in bar ? `≤ ${bar.max}` : `≥ ${bar.min}`;
  const figures = [median(values), Math.min(...values), Math.max(...values)].map(figure);
  return [name, ...figures, String(values.length), unit, limit, verdict!];
}

/** Three digits that count. */
function figure(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
