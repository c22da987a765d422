import { isDict, pyLines, pyStr } from '../../shared/python_text.ts';
import { nestedLines } from '../nested_lines.ts';
import { defineOutput } from '../output.ts';
import { type Palette, paletteFor } from '../palette.ts';
import { isHidden, type StateResult, type StateStyle, showChanges, showState, unorderedLines } from '../state_lines.ts';
import { countStates, summaryLines } from '../state_summary.ts';
import { stripControl } from '../strip_control.ts';

export default defineOutput({
  summary: 'A state run: one block or line a state, then the counts.',
  format(data, { colour, states = {} }) {
    const palette = paletteFor(colour);
    const runs = unwrap(data);
    if (Array.isArray(runs)) return nestedLines(runs, { palette, failed: false }).join('\n');
    if (!isDict(runs)) return stripControl(pyStr(runs));
    const style = { palette, options: states };
    return Object.entries(runs)
      .map(([host, run]) => formatRun(host, run, style).text)
      .join('\n');
  },
});

/** A runner wraps what it answers, and an orchestration adds its return code to the masters. */
function unwrap(data: unknown): unknown {
  let runs = data;
  for (const key of ['return', 'data']) {
    const inner = isDict(runs) ? runs[key] : undefined;
    // A minion may be called `data`: then this is its run.
    if (isDict(inner) && !Object.keys(inner).some((tag) => tag.includes('_|-'))) runs = inner;
  }
  if (!isDict(runs)) return runs;
  const { retcode, ...masters } = runs;
  const isOrchestration =
    retcode !== undefined && Object.keys(masters).filter((key) => key.endsWith('_master')).length === 1;
  return isOrchestration ? masters : runs;
}

interface FormattedRun {
  readonly text: string;
  readonly changed: boolean;
}

function formatRun(host: string, run: unknown, style: StateStyle): FormattedRun {
  const { palette } = style;
  const id = stripControl(host);
  const body = runBody(id, run, style);
  return { text: [`${body.colour}${id}:${palette.end}`, ...body.lines].join('\n'), changed: body.changed };
}

interface RunBody {
  /** Of the minion's name above. */
  readonly colour: string;
  readonly lines: readonly string[];
  readonly changed: boolean;
}

function runBody(id: string, run: unknown, style: StateStyle): RunBody {
  const { palette } = style;
  if (Array.isArray(run)) return compileErrors(run, palette);
  if (isDict(run)) return statesBody(id, run, style);
  if (run === null || run === undefined) return { colour: palette.green, lines: [], changed: false };
  const lines = pyLines(pyStr(run)).map((line) => `${palette.green}    ${stripControl(line)}${palette.end}`);
  return { colour: palette.cyan, lines, changed: true };
}

function compileErrors(errors: readonly unknown[], palette: Palette): RunBody {
  const colour = palette.lightRed;
  const lines = errors.map((error) => `${colour}----------\n    ${stripControl(pyStr(error))}${palette.end}`);
  return { colour, lines: [`    ${colour}Data failed to compile:${palette.end}`, ...lines], changed: false };
}

function statesBody(id: string, run: Readonly<Record<string, unknown>>, style: StateStyle): RunBody {
  const { palette, options } = style;
  const results = orderedStates(run);
  const lines: string[] = unorderedStates(run).flatMap(unorderedLines);
  let colour = palette.green;
  let changed = 0;
  let warnings = 0;
  for (const result of results) {
    const changes = showChanges(result.state.changes, palette, (host, inner) => formatRun(host, inner, style));
    if (changes.changed) changed += 1;
    if (isHidden(result, changes, options)) continue;
    if (result.state.result === false) colour = palette.red;
    if (result.state.result === null) colour = palette.lightYellow;
    const shown = showState(result, changes, style);
    lines.push(...shown.lines);
    warnings += shown.warnings;
  }
  const states = results.map(({ state }) => state);
  lines.push(...summaryLines(id, countStates(states, changed, warnings), palette, options));
  return { colour, lines, changed: changed > 0 };
}

function orderedStates(run: Readonly<Record<string, unknown>>): StateResult[] {
  return Object.entries(run)
    .flatMap(([tag, state]) => (isDict(state) && Object.hasOwn(state, 'result') ? [{ tag, state }] : []))
    .sort((left, right) => orderOf(left) - orderOf(right));
}

function orderOf(result: StateResult): number {
  const order = result.state.__run_num__;
  return typeof order === 'number' ? order : 0;
}

function unorderedStates(run: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(run)
    .filter(([tag, state]) => tag !== 'changes' && isDict(state) && Object.keys(state).length > 0)
    .map(([, state]) => state)
    .filter((state) => isDict(state) && !Object.hasOwn(state, '__run_num__'));
}
