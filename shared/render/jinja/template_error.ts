import { templateLineOf } from '../template_line.ts';
import { type DataPlace, PyError, type PyErrorKind } from '../values/py_error.ts';

/** A place in a template; line and column count from 1. */
export interface TemplatePlace {
  readonly template: string;
  readonly line: number;
  readonly column: number;
}

/** The text a template was made of and the name its errors use. */
export interface TemplateSource {
  readonly name: string;
  readonly text: string;
  /** Given as text, not found by the loader: Jinja knows no name for it. */
  readonly inline?: boolean;
  /**
   * Asked for as a relative path by a template of another place, which it keeps: its own relative paths count from
   * there.
   */
  readonly relative?: { readonly asked: string; readonly from: string };
}

/** An error of a template: what, where, an excerpt, and the places that led there (innermost first). */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly kind: PyErrorKind;
  readonly hint: string | undefined;
  /** Where it happened, then the calls, includes and imports that led there. */
  readonly places: TemplatePlace[];
  /** The lines around the place, the failing one marked and a caret under its column. */
  readonly excerpt: string;

  constructor(
    kind: PyErrorKind,
    message: string,
    place: TemplatePlace,
    excerpt: string,
    hint?: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.kind = kind;
    this.places = [place];
    this.excerpt = excerpt;
    this.hint = hint;
  }

  /** The message as Salt words it: `Jinja variable 'x' is undefined`, `Jinja syntax error: …`. */
  saltMessage(): string {
    const place = this.places[0];
    const line = place === undefined ? '' : `; line ${place.line}`;
    if (this.kind === 'UndefinedError') return `Jinja variable ${this.message}${line}`;
    if (this.kind === 'SaltFunctionError')
      return `Problem running salt function in Jinja template: ${this.message}${line}`;
    return this.kind === 'TemplateSyntaxError'
      ? `Jinja syntax error: ${this.message}${line}`
      : `Jinja error: ${this.message}${line}`;
  }
}

/** The path that a template's relative paths count from. */
export function placeNameOf({ name, relative }: TemplateSource): string {
  return relative?.from ?? name;
}

/** The line and column (from 1) of an offset. */
export function placeOf(source: TemplateSource, offset: number): TemplatePlace {
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  // Columns are characters, of which some are two units long.
  const column = Array.from(source.text.slice(lineStart, offset)).length + 1;
  return { template: source.name, line: before.split('\n').length, column };
}

const MARK = '    <======================';
const CONTEXT_LINES = 5;
/** Characters of a line that are shown; a file of data can be one line. */
const LINE_WIDTH = 160;

/** The failing line among its neighbours, marked as Salt marks it, with a caret under the column. */
function excerptOf(source: TemplateSource, place: TemplatePlace): string {
  const lines = source.text.split('\n');
  const first = Math.max(1, place.line - CONTEXT_LINES);
  const last = Math.min(lines.length, place.line + CONTEXT_LINES);
  const out = ['---'];
  if (first > 1) out.push('[...]');
  for (let number = first; number <= last; number++) {
    const isPlace = number === place.line;
    const shown = cutLine(lines[number - 1] ?? '', isPlace ? place.column : 1);
    out.push(isPlace ? shown.text + MARK : shown.text);
    // A tab before the caret is as wide as the one above it.
    if (isPlace) out.push(`${shown.before.replace(/[^\t]/gu, ' ')}^`);
  }
  if (last < lines.length) out.push('[...]');
  out.push('---');
  return out.join('\n');
}

/** The part of a line around a column, and what of it stands before. */
function cutLine(line: string, column: number): { text: string; before: string } {
  const characters = Array.from(line);
  const start = characters.length > LINE_WIDTH && column > LINE_WIDTH / 2 ? column - LINE_WIDTH / 2 : 0;
  const head = start > 0 ? '...' : '';
  const tail = characters.length > start + LINE_WIDTH ? '...' : '';
  const before = head + characters.slice(start, column - 1).join('');
  return { text: head + characters.slice(start, start + LINE_WIDTH).join('') + tail, before };
}

/** A template error for an offset of a source. */
export function errorAt(
  source: TemplateSource,
  offset: number,
  kind: PyErrorKind,
  message: string,
  hint?: string,
  cause?: unknown,
): TemplateError {
  const place = placeOf(source, offset);
  return new TemplateError(kind, message, place, excerptOf(source, place), hint, cause);
}

/** Gives an error that passes through a template its place there; errors that are not the template's pass unchanged. */
export function locate(error: unknown, source: TemplateSource, offset: number): unknown {
  if (error instanceof TemplateError) {
    error.places.push(placeOf(source, offset));
    return error;
  }
  if (error instanceof PyError) {
    const inData = error.data && errorInData(error, error.data, source, offset);
    return inData ?? errorAt(source, offset, error.kind, error.message, error.hint, error.cause);
  }
  // V8 has two RangeErrors that a template can reach: its stack and the longest string.
  if (error instanceof RangeError) return errorAt(source, offset, 'LimitError', rangeMessage(error));
  return error;
}

/** An error in data that the template at `offset` has loaded: from another file, or made by lines of its own below. */
function errorInData(
  { kind, message, hint, cause }: PyError,
  data: DataPlace,
  source: TemplateSource,
  offset: number,
): TemplateError | undefined {
  const loader = placeOf(source, offset);
  if (data.file !== undefined) {
    const place = { template: data.file, line: data.line, column: data.column };
    const error = new TemplateError(
      kind,
      message,
      place,
      excerptOf({ name: data.file, text: data.text }, place),
      hint,
      cause,
    );
    error.places.push(loader);
    return error;
  }
  const below = source.text
    .split('\n')
    .slice(loader.line - 1)
    .join('\n');
  const line = templateLineOf(below, data.text, data.line);
  if (line === undefined) return undefined;
  const place = { template: source.name, line: loader.line + line - 1, column: 1 };
  return new TemplateError(kind, message, place, excerptOf(source, place), hint, cause);
}

function rangeMessage(error: RangeError): string {
  return error.message.includes('call stack') ? 'maximum recursion depth exceeded' : 'a text is too long';
}
