import type { TemplatePlace } from './jinja/template_error.ts';

/** What a RenderError knows beside its message. */
export interface RenderErrorDetails {
  /** The renderer that failed: `jinja`, `yaml` … */
  readonly renderer: string;
  readonly file: string;
  /** Where in the file, counted from 1; undefined when that is not known, as for a line that a loop has made. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The lines around the place, the failing one marked. */
  readonly excerpt?: string | undefined;
  /** The imports, includes and calls that led there, innermost first. */
  readonly chain?: readonly TemplatePlace[];
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A file that cannot be rendered. The message is Salt's. */
export class RenderError extends Error {
  readonly renderer: string;
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly excerpt: string | undefined;
  readonly chain: readonly TemplatePlace[];
  readonly hint: string | undefined;

  constructor(message: string, details: RenderErrorDetails) {
    super(message, { cause: details.cause });
    this.name = 'RenderError';
    this.renderer = details.renderer;
    this.file = details.file;
    this.line = details.line;
    this.column = details.column;
    this.excerpt = details.excerpt;
    this.chain = details.chain ?? [];
    this.hint = details.hint;
  }

  /** All that an operator needs, as text of several lines: message, place, excerpt, how it was reached, and what to do. */
  report(): string {
    const { message, excerpt, hint } = this;
    return [
      message,
      `  in ${describePlace({ template: this.file, line: this.line, column: this.column })}`,
      ...repeats(this.chain.map((place) => `  from ${describePlace(place)}`)),
      ...(excerpt === undefined || message.includes(excerpt) ? [] : [excerpt]),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ].join('\n');
  }
}

function describePlace({
  template,
  line,
  column,
}: {
  template: string;
  line?: number | undefined;
  column?: number | undefined;
}): string {
  const parts = [template, line === undefined ? '' : `line ${line}`, column === undefined ? '' : `column ${column}`];
  return parts.filter((part) => part !== '').join(', ');
}

/** A line that comes many times in a row, as in a recursion, once and how often. */
function repeats(lines: readonly string[]): string[] {
  return lines.flatMap((line, index) => {
    if (line === lines[index - 1]) return [];
    const next = lines.findIndex((other, place) => place > index && other !== line);
    const count = (next === -1 ? lines.length : next) - index;
    return [count === 1 ? line : `${line}, ${count} times`];
  });
}
