import { pyStr } from '../shared/python_text.ts';
import type { StateOptions } from './output.ts';
import type { Palette } from './palette.ts';

export interface StateCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** States that would change something: `test=True`. */
  readonly pending: number;
  readonly changed: number;
  readonly warnings: number;
  /** Milliseconds; states that ran beside each other count once, by the longest. */
  readonly durationMs: number;
}

type State = Readonly<Record<string, unknown>>;

export function countStates(states: readonly State[], changed: number, warnings: number): StateCounts {
  const durations = (list: readonly State[]) => list.map((state) => durationOf(state.duration));
  const apart = states.filter((state) => state.__parallel__ === undefined);
  const beside = states.filter((state) => state.__parallel__ !== undefined);
  return {
    succeeded: states.filter((state) => state.result === true).length,
    failed: states.filter((state) => state.result === false).length,
    pending: states.filter((state) => state.result === null).length,
    changed,
    warnings,
    durationMs: durations(apart).reduce((sum, ms) => sum + ms, 0) + Math.max(0, ...durations(beside)),
  };
}

function durationOf(value: unknown): number {
  const ms = Number.parseFloat(pyStr(value));
  return Number.isFinite(ms) ? ms : 0;
}

/** The block that ends a state run. Its rules are as long as its longest count needs. */
export function summaryLines(host: string, counts: StateCounts, palette: Palette, options: StateOptions): string[] {
  const { succeeded, failed, pending, changed, warnings } = counts;
  const counters = [succeeded, failed, pending, warnings].filter((count) => count > 0);
  const width = 'Succeeded: '.length + Math.max(0, ...counters.map((count) => String(count).length));
  const total = succeeded + failed + pending;
  const rule = '-'.repeat(width);
  const line = (colour: string, label: string, count: string) =>
    `${colour}${label}: ${count.padStart(width - label.length - 2)}${palette.end}`;
  const failColour = failed > 0 ? palette.red : palette.cyan;
  const lines = [`${palette.cyan}\nSummary for ${host}\n${rule}${palette.end}`];
  lines.push(line(palette.green, 'Succeeded', String(succeeded + pending)) + changeNotes(pending, changed, palette));
  lines.push(line(failColour, 'Failed', String(failed)));
  if (options.percent === true && total > 0) {
    lines.push(line(palette.green, 'Success %', percent(succeeded + pending, total)));
    lines.push(line(failColour, 'Failure %', percent(failed, total)));
  }
  if (warnings > 0) lines.push(line(palette.lightRed, 'Warnings', String(warnings)));
  lines.push(`${palette.cyan}${rule}\nTotal states run: ${String(total).padStart(width - 7)}${palette.end}`);
  if (options.profile !== false) lines.push(runTimeLine(counts.durationMs, width, palette));
  return lines;
}

function changeNotes(pending: number, changed: number, palette: Palette): string {
  const notes: string[] = [];
  if (pending > 0) notes.push(`${palette.lightYellow}unchanged=${pending}${palette.end}`);
  if (changed > 0) notes.push(`${palette.green}changed=${changed}${palette.end}`);
  return notes.length === 0 ? '' : ` (${notes.join(', ')})`;
}

/** As Python prints a float: `100.0`, `66.67`. */
function percent(part: number, total: number): string {
  const value = Number(((part / total) * 100).toFixed(2));
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function runTimeLine(durationMs: number, width: number, palette: Palette): string {
  const [amount, unit] = durationMs > 999 ? [durationMs / 1000, 's'] : [durationMs, 'ms'];
  return `${palette.cyan}Total run time: ${amount.toFixed(3).padStart(width - 5)} ${unit}${palette.end}`;
}
