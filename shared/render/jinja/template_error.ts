import { PyError, type PyErrorKind } from '../values/py_error.ts';

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
    return this.kind === 'TemplateSyntaxError'
      ? `Jinja syntax error: ${this.message}${line}`
      : `Jinja error: ${this.message}${line}`;
  }

  /** Everything a reader needs: message, place, excerpt, chain and hint, as text of several lines. */
  report(): string {
    const [first, ...rest] = this.places;
    const lines = [this.saltMessage()];
    if (first !== undefined) lines.push(`  in ${first.template}, line ${first.line}, column ${first.column}`);
    lines.push('', this.excerpt);
    for (const place of rest) lines.push(`  from ${place.template}, line ${place.line}, column ${place.column}`);
    if (this.hint !== undefined) lines.push(`hint: ${this.hint}`);
    return lines.join('\n');
  }
}

/** The line and column (from 1) of an offset. */
export function placeOf(source: TemplateSource, offset: number): TemplatePlace {
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { template: source.name, line: before.split('\n').length, column: offset - lineStart + 1 };
}

const MARK = '    <======================';
const CONTEXT_LINES = 5;

/** The failing line among its neighbours, marked as Salt marks it, with a caret under the column. */
export function excerptOf(source: TemplateSource, place: TemplatePlace): string {
  const lines = source.text.split('\n');
  const first = Math.max(1, place.line - CONTEXT_LINES);
  const last = Math.min(lines.length, place.line + CONTEXT_LINES);
  const out = ['---'];
  if (first > 1) out.push('[...]');
  for (let number = first; number <= last; number++) {
    const text = lines[number - 1] ?? '';
    out.push(number === place.line ? text + MARK : text);
    if (number === place.line) out.push(`${' '.repeat(place.column - 1)}^`);
  }
  if (last < lines.length) out.push('[...]');
  out.push('---');
  return out.join('\n');
}

/** A template error for an offset of a source. */
export function errorAt(
  source: TemplateSource,
  offset: number,
  kind: PyErrorKind,
  message: string,
  hint?: string,
): TemplateError {
  const place = placeOf(source, offset);
  return new TemplateError(kind, message, place, excerptOf(source, place), hint);
}

/** Gives an error that passes through a template its place there; errors that are not the template's pass unchanged. */
export function locate(error: unknown, source: TemplateSource, offset: number): unknown {
  if (error instanceof TemplateError) {
    error.places.push(placeOf(source, offset));
    return error;
  }
  if (error instanceof PyError) return errorAt(source, offset, error.kind, error.message, error.hint);
  // V8 has two RangeErrors that a template can reach: its stack and the longest string.
  if (error instanceof RangeError) return errorAt(source, offset, 'LimitError', rangeMessage(error));
  return error;
}

function rangeMessage(error: RangeError): string {
  return error.message.includes('call stack') ? 'maximum recursion depth exceeded' : 'a text is too long';
}
