import { isDict } from './python_text.ts';
import { isSimpleKey, type Scalar, scalarStyle, toScalar } from './yaml_scalar.ts';

export interface YamlDumpOptions {
  /** Everything in one line, `{a: [1, 2]}`, wrapped at the width. Default: block style. */
  readonly flow?: boolean;
  /** Spaces a level, 2 to 9. Default 2. */
  readonly indent?: number;
  /** Columns after which a line is broken at the next space. Default 80. */
  readonly width?: number;
  /** Default true. */
  readonly sortKeys?: boolean;
}

/** YAML as PyYAML's `safe_dump` writes it: the same quotes, line breaks and indentation; text stays Unicode. Ends with a newline. */
export function yamlDump(value: unknown, options: YamlDumpOptions = {}): string {
  const indent = options.indent ?? 2;
  const writer: Writer = {
    text: '',
    column: 0,
    spaced: true,
    fresh: true,
    flow: options.flow ?? false,
    step: indent > 1 && indent < 10 ? indent : 2,
    width: options.width ?? 80,
    sortKeys: options.sortKeys ?? true,
  };
  writeNode(writer, value, { indent: undefined, inMapping: false, inFlow: false });
  const open = !isCollection(value) && styleOf(toScalar(value), rootPlace) === 'plain';
  return `${writer.text}\n${open ? '...\n' : ''}`;
}

interface Writer {
  text: string;
  column: number;
  /** The last thing written was white space or needs none after it. */
  spaced: boolean;
  /** This line has held nothing but white space, `-`, `?` and `:`. */
  fresh: boolean;
  readonly flow: boolean;
  readonly step: number;
  readonly width: number;
  readonly sortKeys: boolean;
}

interface Place {
  /** Columns of the enclosing collection; undefined at the root. */
  readonly indent: number | undefined;
  readonly inMapping: boolean;
  readonly inFlow: boolean;
  readonly isKey?: boolean;
}

const rootPlace: Place = { indent: undefined, inMapping: false, inFlow: false };

function styleOf(scalar: Scalar, place: Place) {
  return scalarStyle(scalar, { inFlow: place.inFlow, isKey: place.isKey ?? false });
}

type Collection = readonly unknown[] | Readonly<Record<string, unknown>>;

function isCollection(value: unknown): value is Collection {
  return Array.isArray(value) || isDict(value);
}

function writeNode(writer: Writer, value: unknown, place: Place): void {
  if (value instanceof Uint8Array) writeBinary(writer, value, place);
  else if (!isCollection(value)) writeScalar(writer, toScalar(value), place);
  else if (place.inFlow || writer.flow || isEmpty(value)) writeFlow(writer, value, place);
  else if (Array.isArray(value)) writeBlockList(writer, value, place);
  else writeBlockDict(writer, entriesOf(writer, value as Readonly<Record<string, unknown>>), place);
}

function isEmpty(value: Collection): boolean {
  return Object.keys(value).length === 0;
}

function entriesOf(writer: Writer, dict: Readonly<Record<string, unknown>>): [string, unknown][] {
  const entries = Object.entries(dict).filter(([, item]) => item !== undefined);
  return writer.sortKeys ? entries.sort(([left], [right]) => (left < right ? -1 : 1)) : entries;
}

function writeBlockList(writer: Writer, items: readonly unknown[], place: Place): void {
  // A list that is the value of a key stands at the key's own column.
  const deeper = place.inMapping && !writer.fresh ? 0 : writer.step;
  const indent = place.indent === undefined ? 0 : place.indent + deeper;
  for (const item of items) {
    startLine(writer, indent);
    writeSign(writer, '-', { space: true, staysFresh: true });
    writeNode(writer, item, { indent, inMapping: false, inFlow: false });
  }
}

function writeBlockDict(writer: Writer, entries: readonly [string, unknown][], place: Place): void {
  const indent = place.indent === undefined ? 0 : place.indent + writer.step;
  const inside = { indent, inMapping: true, inFlow: false };
  for (const [key, value] of entries) {
    startLine(writer, indent);
    if (isSimpleKey(key)) {
      writeScalar(writer, toScalar(key), { ...inside, isKey: true });
      writeSign(writer, ':', {});
    } else {
      writeSign(writer, '?', { space: true, staysFresh: true });
      writeScalar(writer, toScalar(key), inside);
      startLine(writer, indent);
      writeSign(writer, ':', { space: true, staysFresh: true });
    }
    writeNode(writer, value, inside);
  }
}

function writeFlow(writer: Writer, value: Collection, place: Place): void {
  const isList = Array.isArray(value);
  const indent = deeperIndent(writer, place);
  const inside = { indent, inMapping: !isList, inFlow: true };
  writeSign(writer, isList ? '[' : '{', { space: true, spaced: true });
  const entries = isList
    ? value.map((item): [undefined, unknown] => [undefined, item])
    : entriesOf(writer, value as Readonly<Record<string, unknown>>);
  for (const [index, [key, item]] of entries.entries()) {
    if (index > 0) writeSign(writer, ',', {});
    if (writer.column > writer.width) startLine(writer, indent);
    if (key !== undefined) writeFlowKey(writer, key, inside);
    writeNode(writer, item, inside);
  }
  writeSign(writer, isList ? ']' : '}', {});
}

function writeFlowKey(writer: Writer, key: string, place: Place): void {
  if (isSimpleKey(key)) {
    writeScalar(writer, toScalar(key), { ...place, isKey: true });
    writeSign(writer, ':', {});
    return;
  }
  writeSign(writer, '?', { space: true });
  writeScalar(writer, toScalar(key), place);
  if (writer.column > writer.width) startLine(writer, place.indent ?? 0);
  writeSign(writer, ':', { space: true });
}

function writeScalar(writer: Writer, scalar: Scalar, place: Place): void {
  const layout = { indent: deeperIndent(writer, place), mayBreak: place.isKey !== true };
  const style = styleOf(scalar, place);
  if (style === 'plain') writePlain(writer, scalar.text, layout);
  else if (style === 'single') writeSingle(writer, scalar.text, layout);
  else writeDouble(writer, scalar.text, layout);
}

function writeBinary(writer: Writer, bytes: Uint8Array, place: Place): void {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  writeSign(writer, '!!binary', { space: true });
  if (place.inFlow || lines.length === 0) {
    writeDouble(writer, lines.map((line) => `${line}\n`).join(''), {
      indent: deeperIndent(writer, place),
      mayBreak: false,
    });
    return;
  }
  writeSign(writer, '|', { space: true });
  for (const line of lines) {
    startLine(writer, deeperIndent(writer, place));
    write(writer, line);
  }
}

function deeperIndent(writer: Writer, place: Place): number {
  return (place.indent ?? 0) + writer.step;
}

interface Layout {
  readonly indent: number;
  readonly mayBreak: boolean;
}

function writePlain(writer: Writer, text: string, layout: Layout): void {
  if (!writer.spaced) write(writer, ' ');
  for (const piece of text.split(/( +)/)) {
    if (piece === ' ' && layout.mayBreak && writer.column > writer.width) startLine(writer, layout.indent);
    else write(writer, piece);
  }
}

function writeSingle(writer: Writer, text: string, layout: Layout): void {
  writeSign(writer, "'", { space: true });
  let position = 0;
  for (const piece of text.match(/ +|\n+|[^ \n]+/g) ?? []) {
    const inside = position > 0 && position + piece.length < text.length;
    if (piece.startsWith('\n')) {
      for (let count = 0; count <= piece.length; count += 1) breakLine(writer);
      startLine(writer, layout.indent);
    } else if (piece === ' ' && inside && layout.mayBreak && writer.column > writer.width) {
      startLine(writer, layout.indent);
    } else write(writer, piece.replaceAll("'", "''"));
    position += piece.length;
  }
  writeSign(writer, "'", {});
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\xa0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function writeDouble(writer: Writer, text: string, layout: Layout): void {
  writeSign(writer, '"', { space: true });
  const characters = [...text];
  let start = 0;
  for (let end = 0; end <= characters.length; end += 1) {
    const character = characters[end];
    if (character === undefined || !isPlainInDouble(character)) {
      write(writer, characters.slice(start, end).join(''));
      start = end;
      if (character !== undefined) {
        write(writer, escapeCharacter(character));
        start = end + 1;
      }
    }
    const canBreak = layout.mayBreak && end > 0 && end < characters.length - 1 && (character === ' ' || start >= end);
    if (canBreak && writer.column + (end - start) > writer.width) {
      write(writer, `${characters.slice(start, end).join('')}\\`);
      start = Math.max(start, end);
      startLine(writer, layout.indent);
      if (characters[start] === ' ') write(writer, '\\');
    }
  }
  writeSign(writer, '"', {});
}

function isPlainInDouble(character: string): boolean {
  return /^[\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/.test(character) && !/["\\]/.test(character);
}

function escapeCharacter(character: string): string {
  const short = escapes[character];
  if (short !== undefined) return `\\${short}`;
  const code = character.codePointAt(0) as number;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function writeSign(writer: Writer, sign: string, how: { space?: true; spaced?: true; staysFresh?: true }): void {
  const fresh = writer.fresh && how.staysFresh === true;
  write(writer, how.space && !writer.spaced ? ` ${sign}` : sign);
  writer.spaced = how.spaced === true;
  writer.fresh = fresh;
}

function write(writer: Writer, text: string): void {
  if (text === '') return;
  writer.text += text;
  writer.column += [...text].length;
  writer.spaced = false;
  writer.fresh = false;
}

/** Goes to a column, on a line of its own unless this one is still free there. */
function startLine(writer: Writer, indent: number): void {
  const { column } = writer;
  if (!writer.fresh || column > indent || (column === indent && !writer.spaced)) breakLine(writer);
  if (writer.column < indent) {
    writer.text += ' '.repeat(indent - writer.column);
    writer.column = indent;
    writer.spaced = true;
  }
}

function breakLine(writer: Writer): void {
  writer.text += '\n';
  writer.column = 0;
  writer.spaced = true;
  writer.fresh = true;
}
