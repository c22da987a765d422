import { compareForSort } from '../values/order.ts';
import { OrderedDict } from '../values/ordered_dict.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import type { PyObject, Value } from '../values/py_object.ts';
import { PySet } from '../values/py_set.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { pyRepr } from '../values/text.ts';
import { TAG_PREFIX } from './node.ts';
import { resolveScalarTag } from './resolve_scalar.ts';
import type { ScalarStyle } from './token.ts';

/** A value on its way to YAML text. A collection that is met twice is the same node. */
export type DumpNode = DumpScalar | DumpSequence | DumpMapping;

export interface DumpScalar {
  readonly kind: 'scalar';
  /** The tag's last part: `str`, `int`, `binary` … */
  readonly tag: string;
  readonly text: string;
  readonly wish: ScalarStyle;
  /** Unquoted, the text has this tag by its looks. */
  readonly plainIsSame: boolean;
}

export interface DumpSequence {
  readonly kind: 'sequence';
  readonly tag: 'seq';
  readonly items: DumpNode[];
}

export interface DumpMapping {
  readonly kind: 'mapping';
  readonly tag: 'map' | 'set';
  readonly pairs: [key: DumpNode, value: DumpNode][];
}

export interface RepresentOptions {
  /** Sort the keys of dicts; those of OrderedDicts stay as they are. */
  readonly sortKeys: boolean;
}

/** The nodes that PyYAML's safe dumper, with Salt's additions, makes of a value. */
export function representValue(value: Value, options: RepresentOptions): DumpNode {
  return represent(value, options, new Map());
}

function represent(value: Value, options: RepresentOptions, known: Map<Value, DumpNode>): DumpNode {
  if (value === null) return scalar('null', 'null');
  if (typeof value === 'string') return scalar('str', value);
  if (typeof value === 'boolean') return scalar('bool', String(value));
  if (typeof value === 'number' || typeof value === 'bigint') return scalar('int', pyRepr(value));
  if (value instanceof Uint8Array) return scalar('binary', base64Lines(value), '|');
  if (value instanceof PyFloat) return scalar('float', floatText(value));
  const shared = known.get(value);
  if (shared !== undefined) return shared;
  if (Array.isArray(value)) return sequence(value, value, options, known);
  if (value instanceof PyTuple) return sequence(value, value.items, options, known);
  if (value instanceof PyDict) {
    const entries = [...value.entries()];
    const isSorted = options.sortKeys && !(value instanceof OrderedDict);
    return mapping(value, 'map', isSorted ? sortEntries(entries) : entries, options, known);
  }
  if (value instanceof PySet) {
    const entries = [...value.values()].map((item): [Value, Value] => [item, null]);
    return mapping(value, 'set', sortEntries(entries), options, known);
  }
  // What YAML has no type for, undefined values among it: Salt's dumper writes NULL.
  return scalar('null', 'NULL');
}

function scalar(tag: string, text: string, wish: ScalarStyle = ''): DumpScalar {
  return { kind: 'scalar', tag, text, wish, plainIsSame: resolveScalarTag(text) === TAG_PREFIX + tag };
}

function sequence(
  value: Value,
  items: readonly Value[],
  options: RepresentOptions,
  known: Map<Value, DumpNode>,
): DumpSequence {
  const node: DumpSequence = { kind: 'sequence', tag: 'seq', items: [] };
  // PyYAML knows the empty tuple as a constant, which needs no anchor.
  if (items.length > 0 || Array.isArray(value)) known.set(value, node);
  for (const item of items) node.items.push(represent(item, options, known));
  return node;
}

function mapping(
  value: PyObject,
  tag: 'map' | 'set',
  entries: readonly [Value, Value][],
  options: RepresentOptions,
  known: Map<Value, DumpNode>,
): DumpMapping {
  const node: DumpMapping = { kind: 'mapping', tag, pairs: [] };
  known.set(value, node);
  for (const [key, item] of entries) {
    node.pairs.push([represent(key, options, known), represent(item, options, known)]);
  }
  return node;
}

/** Keys that have no order among themselves stay as they are, all of them. */
function sortEntries(entries: readonly [Value, Value][]): readonly [Value, Value][] {
  try {
    return entries.toSorted(([left], [right]) => compareForSort(left, right));
  } catch (error) {
    if (error instanceof PyError && error.kind === 'TypeError') return entries;
    throw error;
  }
}

/** YAML's floats have a point even before an exponent. */
function floatText(float: PyFloat): string {
  const { value } = float;
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const text = float.repr();
  return text.includes('.') ? text : text.replace('e', '.0e');
}

function base64Lines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64');
  return text.replace(/.{1,76}/g, '$&\n');
}
