import { isDict, pyLines, pyRepr, pyStr } from '../shared/python_text.ts';
import type { Palette } from './palette.ts';
import { stripControl } from './strip_control.ts';

export interface NestedStyle {
  readonly palette: Palette;
  /** Keys and rules are red: the return is an error. */
  readonly failed: boolean;
}

/** A value as Salt's `nested` outputter lays it out, a line each, at a column. */
export function nestedLines(value: unknown, style: NestedStyle, column = 0): string[] {
  return valueLines(value, style, column, '');
}

function valueLines(value: unknown, style: NestedStyle, column: number, prefix: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => itemLines(item, style, column));
  if (isDict(value)) return dictLines(value, style, column);
  const { palette } = style;
  const space = ' '.repeat(column);
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const lines = pyLines(typeof value === 'string' ? value : bytesText(value));
    return lines.map((line, index) => {
      const start = index === 0 ? prefix : ' '.repeat(prefix.length);
      return `${space}${palette.green}${start}${stripControl(line)}${palette.end}`;
    });
  }
  return [`${space}${palette.lightYellow}${prefix}${pyStr(value)}${palette.end}`];
}

function itemLines(item: unknown, style: NestedStyle, column: number): string[] {
  if (!Array.isArray(item) && !isDict(item)) return valueLines(item, style, column, '- ');
  const { palette } = style;
  const mark = `${' '.repeat(column)}${style.failed ? palette.red : palette.green}|_${palette.end}`;
  return [mark, ...valueLines(item, style, column + 2, '')];
}

function dictLines(dict: Readonly<Record<string, unknown>>, style: NestedStyle, column: number): string[] {
  const { palette } = style;
  const space = ' '.repeat(column);
  const colour = style.failed ? palette.red : palette.cyan;
  const lines = column > 0 ? [`${space}${colour}----------${palette.end}`] : [];
  for (const key of Object.keys(dict).sort()) {
    lines.push(`${space}${colour}${stripControl(key)}${palette.end}:`);
    for (const line of valueLines(dict[key], style, column + 4, '')) lines.push(line);
  }
  return lines;
}

function bytesText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text.includes('\ufffd') ? pyRepr(bytes) : text;
}
