import { isDict, pyStr } from '../shared/python_text.ts';
import { nestedLines } from './nested_lines.ts';
import type { StateOptions } from './output.ts';
import type { Palette } from './palette.ts';
import { pyFormat } from './py_format.ts';
import { stripControl } from './strip_control.ts';
import { wrapText } from './wrap_text.ts';

/** One state of a state run, as a return holds it under `module_|-id_|-name_|-function`. */
export interface StateResult {
  readonly tag: string;
  readonly state: Readonly<Record<string, unknown>>;
}

/** What the changes of a state come to. */
export interface ShownChanges {
  readonly changed: boolean;
  /** Starts with a newline, or is empty. */
  readonly text: string;
}

export interface StateStyle {
  readonly palette: Palette;
  readonly options: StateOptions;
}

/** `nestedRun` prints the changes of a state that ran states elsewhere (orchestration). */
export function showChanges(
  changes: unknown,
  palette: Palette,
  nestedRun: (host: string, run: unknown) => { text: string; changed: boolean },
): ShownChanges {
  if (!changes || (typeof changes === 'object' && Object.keys(changes).length === 0))
    return { changed: false, text: '' };
  if (!isDict(changes)) return { changed: true, text: stripControl(`Invalid Changes data: ${pyStr(changes)}`) };
  if (isDict(changes.ret) && changes.out === 'highstate') {
    const runs = Object.entries(changes.ret).map(([host, run]) => nestedRun(host, run));
    const lines = runs.flatMap((run) => run.text.split('\n').map((line) => `\n${' '.repeat(14)}${line}`));
    return { changed: runs.some((run) => run.changed), text: lines.join('') };
  }
  return { changed: true, text: `\n${nestedLines(changes, { palette, failed: false }, 14).join('\n')}` };
}

/** True for a clean success that `state_verbose: False` or `--output-diff` keeps silent about. */
export function isHidden(result: StateResult, changes: ShownChanges, options: StateOptions): boolean {
  return (options.diff === true || options.verbose === false) && result.state.result === true && !changes.changed;
}

export interface ShownState {
  readonly lines: readonly string[];
  /** Warnings that the lines tell of and that the summary counts. */
  readonly warnings: number;
}

/** One state, as a block or in one line, as `state_output` wants it. */
export function showState(result: StateResult, changes: ShownChanges, style: StateStyle): ShownState {
  const { state } = result;
  const mode = (style.options.output ?? 'full').toLowerCase();
  const parts = partsOf(result.tag, mode.endsWith('_id'));
  const layout = layoutOf(mode, state.result, changes.changed, style.options);
  if (layout === 'none') return { lines: [], warnings: 0 };
  // Salt counts the warnings of whole blocks alone.
  if (layout === 'terse') return { lines: [terseLine(parts, state, changes, style)], warnings: 0 };
  return { lines: fullLines(parts, state, changes, style), warnings: warningsOf(state).length > 0 ? 1 : 0 };
}

function layoutOf(mode: string, result: unknown, changed: boolean, options: StateOptions): 'full' | 'terse' | 'none' {
  if (mode.startsWith('filter')) {
    const word = pyStr(result);
    if (options.terse?.includes(word)) return 'terse';
    return options.exclude?.includes(word) ? 'none' : 'full';
  }
  const isTerse =
    mode.startsWith('terse') ||
    (mode.startsWith('mixed') && result !== false) ||
    (mode.startsWith('changes') && result === true && !changed);
  return isTerse ? 'terse' : 'full';
}

interface TagParts {
  readonly module: string;
  readonly id: string;
  readonly name: string;
  readonly fun: string;
}

function partsOf(tag: string, idAsName: boolean): TagParts {
  const [module = '', id = '', name = id, fun = ''] = stripControl(tag).split('_|-');
  return { module, id, name: idAsName ? id : name, fun };
}

function stateColour(result: unknown, changed: boolean, palette: Palette): string {
  if (result === false) return palette.red;
  if (result === null) return palette.lightYellow;
  return changed ? palette.cyan : palette.green;
}

function fullLines(
  parts: TagParts,
  state: Readonly<Record<string, unknown>>,
  changes: ShownChanges,
  style: StateStyle,
): string[] {
  const { palette, options } = style;
  const colour = stateColour(state.result, changes.changed, palette);
  const line = (label: string, text: string) => `    ${colour}${label.padStart(8)}: ${text}${palette.end}`;
  const lines = [
    `${colour}----------${palette.end}`,
    line('ID', parts.id),
    line('Function', `${parts.module}.${parts.fun}`),
  ];
  if (parts.id !== parts.name) lines.push(line('Name', parts.name));
  lines.push(line('Result', pyStr(state.result)), line('Comment', commentText(state)));
  if (options.profile !== false && state.start_time !== undefined) {
    lines.push(line('Started', stripControl(pyStr(state.start_time))), line('Duration', durationText(state)));
  }
  lines.push(`${colour}     Changes:   ${changes.text}${palette.end}`);
  const warnings = warningsOf(state);
  if (warnings.length > 0) {
    const text = wrapText(stripControl(warnings.join('\n')), 80, ' '.repeat(14)).trimStart();
    lines.push(`   ${palette.lightRed} Warnings: ${text}${palette.end}`);
  }
  return lines;
}

/** Continuation lines stand under the first; what the state adds as `data` follows. */
function commentText(state: Readonly<Record<string, unknown>>): string {
  const comment = pyStr(state.comment)
    .trim()
    .replaceAll('\n', `\n${' '.repeat(14)}`);
  const { data } = state;
  if (Array.isArray(data)) return stripControl([comment, ...data.map(pyStr)].join(' '));
  if (isDict(data)) {
    return stripControl(
      [comment, ...Object.entries(data).map(([key, value]) => `\t\t${key}: ${pyStr(value)}`)].join('\n'),
    );
  }
  return stripControl(data === undefined ? comment : `${comment} ${pyStr(data)}`);
}

function durationText(state: Readonly<Record<string, unknown>>): string {
  const { duration = '' } = state;
  return duration === '' ? '' : `${stripControl(pyStr(duration))} ms`;
}

function warningsOf(state: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(state.warnings) ? state.warnings.map(pyStr) : [];
}

function terseLine(
  parts: TagParts,
  state: Readonly<Record<string, unknown>>,
  changes: ShownChanges,
  style: StateStyle,
): string {
  const { palette, options } = style;
  const colour = stateColour(state.result, changes.changed, palette);
  const word = resultWord(state);
  const warnings = warningsOf(state).map(stripControl).join('\n');
  const warned = warnings === '' ? '' : `${palette.lightRed}Warnings:\n${warnings}${palette.end}`;
  const timed = options.profile !== false && state.start_time !== undefined;
  const started = stripControl(pyStr(state.start_time));
  const duration = stripControl(pyStr(state.duration ?? ''));
  if (options.tabular === true) {
    const time = timed ? `${started} [${duration.padStart(7)} ms] ` : '';
    const call = `${parts.module.padStart(10)}.${parts.fun.padEnd(10)} ${word.padEnd(7)}`;
    return `${warned === '' ? '' : `${warned}\n`}${colour}${time}${call}   Name: ${parts.name}${palette.end}`;
  }
  const call = `Name: ${parts.name} - Function: ${parts.module}.${parts.fun} - Result: ${word}`;
  const time = timed ? ` - Started: ${started} - Duration: ${duration} ms` : '';
  return `${warned} ${colour} ${call}${time}${palette.end}`;
}

function resultWord(state: Readonly<Record<string, unknown>>): string {
  if (state.result === false) return 'Failed';
  if (state.result === null) return 'Differs';
  const { changes } = state;
  return isDict(changes) && Object.keys(changes).length > 0 ? 'Changed' : 'Clean';
}

/** What is said of a state that lacks its place in the order. */
export function unorderedLines(state: unknown): string[] {
  return [
    'The State execution failed to record the order in which all states were executed. The state return missing data is:',
    pyFormat(state),
  ];
}
