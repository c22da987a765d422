import { codePointLength } from '../values/iteration.ts';
import type { Value } from '../values/py_object.ts';
import { type DumpMapping, type DumpNode, type DumpScalar, type DumpSequence, representValue } from './represent.ts';
import { analyzeScalar, chooseStyle } from './scalar_style.ts';
import { YamlWriter } from './yaml_writer.ts';

export interface DumpYamlOptions {
  /** Everything in flow style, `{a: [1, 2]}`; false: block style; null: flow style for collections of scalars. Default false. */
  readonly flow?: boolean | null;
  /** Sort the keys of dicts; those of OrderedDicts stay as they are. Default true. */
  readonly sortKeys?: boolean;
  /** Columns a level, 2 to 9; any other number counts as 2, as in PyYAML. Default 2. */
  readonly indent?: number;
  /** Columns after which a line is broken at the next space; what two levels fill counts as 80, as in PyYAML. Default 80. */
  readonly width?: number;
  /** Lists under a key stand two columns deeper than the key. Default false. */
  readonly indentLists?: boolean;
}

/** PyYAML's limit for a key without `?`, its tag counted in. */
const KEY_LENGTH_MAX = 127;

/** YAML as PyYAML's `safe_dump(allow_unicode=True)` writes it, byte for byte. Ends with a newline. */
export function dumpYaml(value: Value, options: DumpYamlOptions = {}): string {
  const root = representValue(value, { sortKeys: options.sortKeys ?? true });
  const { indent = 2, width = 80 } = options;
  const step = indent > 1 && indent < 10 ? indent : 2;
  const state: State = {
    writer: new YamlWriter(width > step * 2 ? width : 80),
    step,
    flow: options.flow === undefined ? false : options.flow,
    indentLists: options.indentLists ?? false,
    anchors: nameAnchors(root),
    written: new Set(),
    flowLevel: 0,
  };
  writeNode(state, root, rootPlace);
  state.writer.indent = undefined;
  state.writer.startLine();
  // A plain scalar could go on in the next line, so its document is closed.
  return isPlain(root) ? `${state.writer.text}...\n` : state.writer.text;
}

interface State {
  readonly writer: YamlWriter;
  /** Columns a level. */
  readonly step: number;
  readonly flow: boolean | null;
  readonly indentLists: boolean;
  readonly anchors: ReadonlyMap<DumpNode, string>;
  readonly written: Set<DumpNode>;
  flowLevel: number;
}

interface Place {
  readonly inMapping: boolean;
  readonly isKey: boolean;
}

const rootPlace: Place = { inMapping: false, isKey: false };
const itemPlace: Place = rootPlace;
const valuePlace: Place = { inMapping: true, isKey: false };
const keyPlace: Place = { inMapping: true, isKey: true };

function isPlain(root: DumpNode): boolean {
  return root.kind === 'scalar' && chooseStyle(root, { inFlow: false, isKey: false }) === '';
}

/** Names for the collections that are met more than once, in the order in which that shows. */
function nameAnchors(root: DumpNode): ReadonlyMap<DumpNode, string> {
  const seen = new Set<DumpNode>();
  const names = new Map<DumpNode, string>();
  const visit = (node: DumpNode): void => {
    if (node.kind === 'scalar') return;
    if (seen.has(node)) {
      if (!names.has(node)) names.set(node, `id${String(names.size + 1).padStart(3, '0')}`);
      return;
    }
    seen.add(node);
    for (const child of node.kind === 'sequence' ? node.items : node.pairs.flat()) visit(child);
  };
  visit(root);
  return names;
}

function writeNode(state: State, node: DumpNode, place: Place): void {
  const anchor = state.anchors.get(node);
  if (anchor !== undefined && state.written.has(node)) {
    state.writer.sign(`*${anchor}`, { apart: true });
    return;
  }
  if (anchor !== undefined) {
    state.written.add(node);
    state.writer.sign(`&${anchor}`, { apart: true });
  }
  if (node.kind === 'scalar') writeScalar(state, node, place);
  else writeCollection(state, node, place);
}

function writeCollection(state: State, node: DumpSequence | DumpMapping, place: Place): void {
  if (node.tag === 'set') state.writer.sign('!!set', { apart: true });
  const inFlow = state.flowLevel > 0 || isEmpty(node) || (state.flow ?? hasOnlyPlainChildren(node));
  if (inFlow) writeFlow(state, node);
  else if (node.kind === 'sequence') writeBlockSequence(state, node, place);
  else writeBlockMapping(state, node);
}

function isEmpty(node: DumpSequence | DumpMapping): boolean {
  return (node.kind === 'sequence' ? node.items : node.pairs).length === 0;
}

function hasOnlyPlainChildren(node: DumpSequence | DumpMapping): boolean {
  const children = node.kind === 'sequence' ? node.items : node.pairs.flat();
  return children.every((child) => child.kind === 'scalar' && child.wish === '');
}

function writeScalar(state: State, scalar: DumpScalar, place: Place): void {
  const { writer } = state;
  const { text, tag, plainIsSame } = scalar;
  const style = chooseStyle(scalar, { inFlow: state.flowLevel > 0, isKey: place.isKey });
  if (style === '' ? !plainIsSame : tag !== 'str') writer.sign(`!!${tag}`, { apart: true });
  atDeeperIndent(state, state.step, () => {
    if (style === '') writer.plain(text, !place.isKey);
    else if (style === "'") writer.singleQuoted(text, !place.isKey);
    else if (style === '"') writer.doubleQuoted(text, !place.isKey);
    else writer.literal(text);
  });
}

/** At the root, an indent of none deepens to `first`. */
function atDeeperIndent(state: State, first: number, write: () => void, step = state.step): void {
  const { writer } = state;
  const before = writer.indent;
  writer.indent = before === undefined ? first : before + step;
  write();
  writer.indent = before;
}

function writeFlow(state: State, node: DumpSequence | DumpMapping): void {
  const [open, close] = node.kind === 'sequence' ? '[]' : '{}';
  const { writer } = state;
  writer.sign(open as string, { apart: true, spaced: true });
  state.flowLevel += 1;
  atDeeperIndent(state, state.step, () => {
    const parts = node.kind === 'sequence' ? node.items : node.pairs;
    for (const [index, part] of parts.entries()) {
      if (index > 0) writer.sign(',');
      if (writer.isBeyondWidth) writer.startLine();
      if (Array.isArray(part)) writeFlowPair(state, part);
      else writeNode(state, part, itemPlace);
    }
  });
  state.flowLevel -= 1;
  writer.sign(close as string);
}

function writeFlowPair(state: State, [key, value]: DumpMapping['pairs'][number]): void {
  const { writer } = state;
  if (isSimpleKey(state, key)) {
    writeNode(state, key, keyPlace);
    writer.sign(':');
  } else {
    writer.sign('?', { apart: true });
    writeNode(state, key, valuePlace);
    if (writer.isBeyondWidth) writer.startLine();
    writer.sign(':', { apart: true });
  }
  writeNode(state, value, valuePlace);
}

function writeBlockSequence(state: State, node: DumpSequence, place: Place): void {
  const { writer } = state;
  // A list that is the value of a key stands at the key's own column.
  const stays = place.inMapping && !writer.isFresh && !state.indentLists;
  const write = () => {
    for (const item of node.items) {
      writer.startLine();
      writer.sign('-', { apart: true, fresh: true });
      writeNode(state, item, itemPlace);
    }
  };
  atDeeperIndent(state, 0, write, stays ? 0 : state.step);
}

function writeBlockMapping(state: State, node: DumpMapping): void {
  const { writer } = state;
  atDeeperIndent(state, 0, () => {
    for (const [key, value] of node.pairs) {
      writer.startLine();
      if (isSimpleKey(state, key)) {
        writeNode(state, key, keyPlace);
        writer.sign(':');
      } else {
        writer.sign('?', { apart: true, fresh: true });
        writeNode(state, key, valuePlace);
        writer.startLine();
        writer.sign(':', { apart: true, fresh: true });
      }
      writeNode(state, value, valuePlace);
    }
  });
}

/** Can the key stand without `?`: one line, short, not empty. */
function isSimpleKey(state: State, key: DumpNode): boolean {
  const anchor = state.anchors.get(key);
  if (anchor !== undefined && state.written.has(key)) return anchor.length <= KEY_LENGTH_MAX;
  const length = (anchor?.length ?? 0) + `!!${key.tag}`.length;
  if (key.kind !== 'scalar') return isEmpty(key) && length <= KEY_LENGTH_MAX;
  const { text } = key;
  return text !== '' && !analyzeScalar(text).multiline && length + codePointLength(text) <= KEY_LENGTH_MAX;
}
