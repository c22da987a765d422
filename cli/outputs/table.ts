import { isDict, pyStr } from '../../shared/python_text.ts';
import { defineOutput } from '../output.ts';
import { type Palette, paletteFor } from '../palette.ts';
import { stripControl } from '../strip_control.ts';

const CELL_WIDTH = 50;

export default defineOutput({
  summary:
    'Grids, with a heading for each key on the way: of a list of rows, of a mapping of single values, of a value.',
  format: (data, { colour }) => {
    const palette = paletteFor(colour);
    return (isDict(data) ? tableLines(data, palette, 0) : gridLines(data, palette, 4)).join('\n');
  },
});

function tableLines(dict: Readonly<Record<string, unknown>>, palette: Palette, column: number): string[] {
  const space = ' '.repeat(column);
  return Object.keys(dict)
    .sort()
    .flatMap((key) => {
      const item = dict[key];
      return [
        `${space}${palette.darkGray}${stripControl(key)}${palette.end}:`,
        `${space}${palette.darkGray}----------${palette.end}`,
        ...(isDict(item) && !isRow(item)
          ? tableLines(item, palette, column + 4)
          : gridLines(item, palette, column + 4)),
      ];
    });
}

const isNested = (value: unknown): boolean => isDict(value) || Array.isArray(value);

/** A mapping of single values. */
function isRow(dict: Readonly<Record<string, unknown>>): boolean {
  const values = Object.values(dict);
  return values.length > 0 && !values.some(isNested);
}

/** Rows of one kind: mappings (their keys are the heading), lists, or single values. What is no list is a row. */
function gridLines(value: unknown, palette: Palette, column: number): string[] {
  const cells = cellsOf(Array.isArray(value) ? value : [value]);
  if (cells.length === 0) return [];
  const wrapped = cells.map((row) => row.map((cell) => wrapCell(stripControl(cell)).split('\n')));
  const columns = Math.max(...wrapped.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(0, ...wrapped.flatMap((row) => row[index] ?? []).map((line) => line.length)),
  );
  const space = ' '.repeat(column);
  const width = 4 + widths.reduce((sum, size) => sum + size, 0) + 3 * (columns - 1);
  const rule = `${space}${palette.lightGray}${'-'.repeat(width)}${palette.end}`;
  const lines = [rule];
  for (const row of wrapped) {
    const height = Math.max(1, ...row.map((cell) => cell.length));
    for (let index = 0; index < height; index += 1) {
      const line = widths.map((size, place) => centre(row[place]?.[index] ?? '', size)).join(' | ');
      lines.push(`${space}${palette.white}| ${line} |${palette.end}`);
    }
    lines.push(rule);
  }
  return lines;
}

function cellsOf(rows: readonly unknown[]): string[][] {
  const [first] = rows;
  if (rows.every(isDict) && isDict(first)) {
    const titles = Object.keys(first).sort().map(titleOf);
    return [
      titles,
      ...rows.map((row) =>
        Object.keys(row)
          .sort()
          .map((key) => pyStr(row[key])),
      ),
    ];
  }
  if (rows.every(Array.isArray)) return rows.map((row) => (row as unknown[]).map(pyStr));
  return rows.some(isNested) ? [] : rows.map((row) => [pyStr(row)]);
}

/** `last_move` as `Last Move`. */
function titleOf(key: string): string {
  const spaced = key.replaceAll('_', ' ').toLowerCase();
  return spaced.replaceAll(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
}

/** Goes on in a new line where a space lets the text stay below the widest a cell may be. */
function wrapCell(text: string): string {
  return text.split(' ').reduce((cell, word) => {
    const lineLength = cell.length - (cell.lastIndexOf('\n') + 1);
    const wordLength = word.split('\n', 1)[0]?.length ?? 0;
    return `${cell}${lineLength + wordLength >= CELL_WIDTH ? '\n' : ' '}${word}`;
  });
}

/** As Python's `str.center`: an odd space goes left where the width is odd. */
function centre(text: string, width: number): string {
  const free = Math.max(0, width - text.length);
  const left = Math.floor(free / 2) + (free & width & 1);
  return ' '.repeat(left) + text + ' '.repeat(free - left);
}
