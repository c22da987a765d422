import { FleetError } from '../../../shared/errors.ts';
import { compileRegex } from '../../../shared/target/regex.ts';
import { commandFailed } from '../exec.ts';

export const lineModes = ['ensure', 'replace', 'delete', 'insert'] as const;

/** What `file.line` is to do. */
export interface LineChange {
  readonly mode: (typeof lineModes)[number];
  readonly content?: string | undefined;
  readonly match?: string | undefined;
  readonly location?: 'start' | 'end' | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Give the line the indentation of the one that it replaces or stands beside. */
  readonly indent: boolean;
}

/** A text as lines without their ends. */
interface Lines {
  readonly lines: readonly string[];
  /** Whether the last line is ended. */
  readonly isEnded: boolean;
}

/**
 * The text with the line changed. Throws ARGS_INVALID when the wish makes no sense, COMMAND_FAILED when the lines that
 * it names are not there, or not once.
 */
export function changeLine(text: string, change: LineChange): string {
  const { mode, content } = change;
  if (mode === 'delete') return joined(withoutLine(split(text), change));
  if (content === undefined) throw new FleetError('ARGS_INVALID', 'Content can only be empty if mode is "delete"');
  const file = split(text);
  const added = new Addition(content, file.lines[0]?.endsWith('\r') ?? false, change.indent);
  if (mode === 'replace') return joined(withReplaced(file, change, added));
  return joined(mode === 'insert' ? withInserted(file, change, added) : withEnsured(file, change, added));
}

/** The line that is added; more than one when the content has line breaks. */
class Addition {
  readonly #lines: readonly string[];
  readonly #isIndented: boolean;
  readonly #end: string;

  constructor(content: string, hasCarriageReturns: boolean, isIndented: boolean) {
    this.#lines = content.replace(/\r?\n$/, '').split(/\r?\n/);
    this.#isIndented = isIndented;
    this.#end = hasCarriageReturns ? '\r' : '';
  }

  /** As it is to stand beside a line, or instead of it. */
  beside(neighbour = ''): string[] {
    const indent = /^\s*/.exec(neighbour)?.[0].replace('\r', '') ?? '';
    const lines = this.#isIndented ? this.#lines.map((line) => indent + line.trimStart()) : this.#lines;
    return lines.map((line) => line + this.#end);
  }

  /** Whether it stands at an index; its indentation does not matter. */
  isAt(lines: readonly string[], index: number): boolean {
    return index >= 0 && this.#lines.every((line, offset) => lines[index + offset]?.trim() === line.trim());
  }

  get length(): number {
    return this.#lines.length;
  }
}

/** All lines that are equal to the first one that matches. */
function withoutLine({ lines, isEnded }: Lines, { match, content }: LineChange): Lines {
  const wanted = match ?? content;
  if (wanted === undefined) throw new FleetError('ARGS_INVALID', 'mode "delete" needs match or content');
  const [first] = indexesOf(lines, wanted);
  const kept = first === undefined ? lines : lines.filter((line) => line !== lines[first]);
  return { lines: kept, isEnded };
}

function withReplaced({ lines, isEnded }: Lines, { match, content }: LineChange, added: Addition): Lines {
  const [index] = indexesOf(lines, match ?? content ?? '');
  if (index === undefined) return { lines, isEnded };
  return { lines: lines.toSpliced(index, 1, ...added.beside(lines[index])), isEnded };
}

function withInserted(file: Lines, change: LineChange, added: Addition): Lines {
  const { location, before, after } = change;
  const { lines } = file;
  if (location === 'start') return added.isAt(lines, 0) ? file : insertAt(file, 0, added.beside(lines[0]));
  if (location === 'end') {
    const isThere = added.isAt(lines, lines.length - added.length);
    return isThere ? file : insertAt(file, lines.length, added.beside(lines.at(-1)));
  }
  if (before === undefined && after === undefined) {
    throw new FleetError('ARGS_INVALID', 'On insert either "location" or "before/after" conditions are required.');
  }
  if (before === undefined || after === undefined) return withNeighbour(file, { before, after }, added);
  const [start, end] = boundaries(lines, before, after);
  if (hasBetween(lines, start, end, added)) return file;
  return insertAt(file, end, added.beside(lines[end]));
}

function withEnsured(file: Lines, { before, after }: LineChange, added: Addition): Lines {
  if (before === undefined && after === undefined) {
    throw new FleetError(
      'ARGS_INVALID',
      'Wrong conditions? Unable to ensure line without knowing where to put it before and/or after.',
    );
  }
  if (before === undefined || after === undefined) return withNeighbour(file, { before, after }, added);
  const [start, end] = boundaries(file.lines, before, after);
  if (hasBetween(file.lines, start, end, added)) return file;
  if (end - start > 1) throw commandFailed('Found more than one line between boundaries "before" and "after".');
  return insertAt(file, end, added.beside(file.lines[start]));
}

/** Right before or right after a line, unless it stands there. */
function withNeighbour(file: Lines, { before, after }: Pick<LineChange, 'before' | 'after'>, added: Addition): Lines {
  const { lines } = file;
  if (before !== undefined) {
    const index = onlyIndexOf(lines, before, 'before');
    return added.isAt(lines, index - added.length) ? file : insertAt(file, index, added.beside(lines[index]));
  }
  const index = onlyIndexOf(lines, after ?? '', 'after');
  return added.isAt(lines, index + 1) ? file : insertAt(file, index + 1, added.beside(lines[index]));
}

/** The places of the lines after and before which something is to stand. */
function boundaries(lines: readonly string[], before: string, after: string): [start: number, end: number] {
  const end = onlyIndexOf(lines, before, 'before');
  const start = onlyIndexOf(lines, after, 'after');
  if (start < end) return [start, end];
  throw commandFailed('the line of "after" does not stand above that of "before"', 'exchange the two');
}

function hasBetween(lines: readonly string[], start: number, end: number, added: Addition): boolean {
  for (let index = start + 1; index + added.length <= end; index++) if (added.isAt(lines, index)) return true;
  return false;
}

function insertAt({ lines, isEnded }: Lines, index: number, added: readonly string[]): Lines {
  return { lines: lines.toSpliced(index, 0, ...added), isEnded: isEnded || index === lines.length };
}

function onlyIndexOf(lines: readonly string[], expression: string, name: string): number {
  const [index, ...more] = indexesOf(lines, expression);
  if (index === undefined) throw commandFailed(`Found less than expected occurrences in "${name}" expression`);
  if (more.length > 0) throw commandFailed(`Found more than expected occurrences in "${name}" expression`);
  return index;
}

/** Of the lines in which a regular expression is found; where none is, of those that have it as it is written. */
function indexesOf(lines: readonly string[], expression: string): number[] {
  const indexes = (test: (line: string) => boolean): number[] =>
    lines.flatMap((line, index) => (test(line.replace(/\r$/, '')) ? [index] : []));
  const literal = indexes((line) => line.includes(expression));
  // What is no regular expression may well be a line.
  const regex = compiled(expression, literal.length > 0);
  const matching = regex === undefined ? [] : indexes((line) => regex.test(line));
  return matching.length > 0 ? matching : literal;
}

function compiled(expression: string, isOptional: boolean) {
  try {
    return compileRegex(expression, { code: 'ARGS_INVALID' });
  } catch (error) {
    if (isOptional && error instanceof FleetError && error.code === 'ARGS_INVALID') return undefined;
    throw error;
  }
}

function split(text: string): Lines {
  if (text === '') return { lines: [], isEnded: true };
  const isEnded = text.endsWith('\n');
  return { lines: (isEnded ? text.slice(0, -1) : text).split('\n'), isEnded };
}

function joined({ lines, isEnded }: Lines): string {
  return lines.length === 0 ? '' : lines.join('\n') + (isEnded ? '\n' : '');
}
