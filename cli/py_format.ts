import { isDict, pyRepr } from '../shared/python_text.ts';

const WIDTH = 80;

/** A value as Python's `pprint.pformat` lays it out: on one line if 80 columns hold it, keys sorted. */
export function pyFormat(value: unknown, step = 1): string {
  return layOut(value, { column: 0, after: 0, isRoot: true, step });
}

interface Place {
  readonly column: number;
  /** Columns that closing brackets and the comma after the value need. */
  readonly after: number;
  readonly isRoot: boolean;
  readonly step: number;
}

function layOut(value: unknown, place: Place): string {
  const whole = sortedRepr(value);
  if (widthOf(whole) <= WIDTH - place.column - place.after) return whole;
  if (Array.isArray(value))
    return `[${joinItems(
      value.map((item) => ['', item] as const),
      place,
    )}]`;
  if (isDict(value)) {
    const items = Object.keys(value).sort();
    return `{${joinItems(
      items.map((key) => [`${pyRepr(key)}: `, value[key]] as const),
      place,
    )}}`;
  }
  return typeof value === 'string' && value !== '' ? layOutText(value, place) : whole;
}

function joinItems(items: readonly (readonly [label: string, value: unknown])[], place: Place): string {
  const column = place.column + place.step;
  const texts = items.map(([label, item], index) => {
    const after = index === items.length - 1 ? place.after + 1 : 1;
    return label + layOut(item, { column: column + widthOf(label), after, isRoot: false, step: place.step });
  });
  return ' '.repeat(Math.max(0, place.step - 1)) + texts.join(`,\n${' '.repeat(column)}`);
}

/** A long text as literals that stand under each other, one a line of the text, broken after white space. */
function layOutText(text: string, place: Place): string {
  const column = place.column + (place.isRoot ? 1 : 0);
  const after = place.after + (place.isRoot ? 1 : 0);
  const lines =
    text.match(
      /[^\n\r\v\f\u0085\u2028\u2029]*(?:\r\n|[\n\r\v\f\u0085\u2028\u2029])|[^\n\r\v\f\u0085\u2028\u2029]+$/g,
    ) ?? [];
  const pieces = lines.flatMap((line, index) => {
    const isLast = index === lines.length - 1;
    const width = WIDTH - column;
    return widthOf(pyRepr(line)) <= width - (isLast ? after : 0) ? [line] : breakLine(line, width, isLast ? after : 0);
  });
  if (pieces.length === 1) return pyRepr(text);
  const joined = pieces.map(pyRepr).join(`\n${' '.repeat(column)}`);
  return place.isRoot ? `(${joined})` : joined;
}

function breakLine(line: string, width: number, after: number): string[] {
  const words = line.match(/\s+|\S+\s*/g) ?? [];
  const pieces: string[] = [];
  let current = '';
  for (const [index, word] of words.entries()) {
    const room = index === words.length - 1 ? width - after : width;
    if (current !== '' && widthOf(pyRepr(current + word)) > room) {
      pieces.push(current);
      current = word;
    } else current += word;
  }
  return [...pieces, current];
}

function sortedRepr(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedRepr).join(', ')}]`;
  if (!isDict(value)) return pyRepr(value);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => `${pyRepr(key)}: ${sortedRepr(value[key])}`)
    .join(', ')}}`;
}

function widthOf(text: string): number {
  return [...text].length;
}
