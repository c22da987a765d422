import { eachInTurns } from '../../shared/pace.ts';
import { isDict, pyStr } from '../../shared/python_text.ts';
import type { CompiledLeaf, CompiledTarget } from '../../shared/target/target.ts';
import type { GrainCache } from './grain_cache.ts';

/** Names whose values are kept sorted by value; what was asked for longest ago goes first. */
const NAMES_MAX = 64;

type Ids = ReadonlySet<string>;

/** The values of one grain: texts to ids, and the ids of those whose value is more than texts. */
interface Values {
  readonly byText: Map<string, Set<string>>;
  readonly others: Set<string>;
  /** All minions are in. */
  ready: Promise<void>;
}

/**
 * Selects minions without asking each: ids are looked up, and of a grain that was asked for before, its values are.
 * There are far fewer values than minions. Where each must be asked, others have their turn in between.
 */
export interface GrainIndex {
  select(target: CompiledTarget, within: Ids): Promise<Ids>;
}

export function createGrainIndex(cache: Pick<GrainCache, 'of' | 'ids' | 'watch'>): GrainIndex {
  const names = new Map<string, Values>();
  const enter = (values: Values, id: string, value: unknown): void => {
    const texts = textsOf(value);
    if (texts === undefined) values.others.add(id);
    for (const text of texts ?? []) {
      const ids = values.byText.get(text);
      if (ids === undefined) values.byText.set(text, new Set([id]));
      else ids.add(id);
    }
  };
  const leave = (values: Values, id: string): void => {
    values.others.delete(id);
    for (const [text, ids] of values.byText) {
      if (ids.delete(id) && ids.size === 0) values.byText.delete(text);
    }
  };
  cache.watch((id, grains) => {
    for (const [name, values] of names) {
      leave(values, id);
      if (grains !== undefined && Object.hasOwn(grains, name)) enter(values, id, grains[name]);
    }
  });

  // Whose grains change meanwhile is entered by the watch, and here once more to the same place.
  const fill = (values: Values, name: string): Promise<void> =>
    eachInTurns(cache.ids(), (id) => {
      const grains = cache.of(id);
      if (grains !== undefined && Object.hasOwn(grains, name)) enter(values, id, grains[name]);
    });
  const valuesOf = (name: string): Values => {
    const known = names.get(name);
    names.delete(name);
    const values: Values = known ?? { byText: new Map(), others: new Set(), ready: Promise.resolve() };
    names.set(name, values);
    if (known !== undefined) return known;
    values.ready = fill(values, name);
    const [oldest] = names.keys();
    if (names.size > NAMES_MAX && oldest !== undefined) names.delete(oldest);
    return values;
  };

  const selectLeaf = async (leaf: CompiledLeaf, within: Ids): Promise<Ids> => {
    const named = namedIds(leaf);
    if (named !== undefined) return new Set(named.filter((id) => within.has(id)));
    if (isEverything(leaf)) return within;
    const matches = (id: string): boolean => leaf.matches({ id, grains: cache.of(id) });
    const simple = leaf.data?.simple;
    if (simple === undefined) return filter(within, matches);
    const values = valuesOf(simple.name);
    await values.ready;
    const found = new Set<string>();
    const texts = await filter(values.byText.keys(), simple.test);
    for (const text of texts) for (const id of values.byText.get(text) ?? []) if (within.has(id)) found.add(id);
    for (const id of await filter(values.others, (other) => within.has(other) && matches(other))) found.add(id);
    return found;
  };
  const select = async (target: CompiledTarget, within: Ids): Promise<Ids> => {
    switch (target.op) {
      case 'match':
        return selectLeaf(target, within);
      case 'not': {
        const without = await select(target.node, within);
        return filter(within, (id) => !without.has(id));
      }
      case 'and':
        return select(target.right, await select(target.left, within));
      case 'or':
        return new Set([...(await select(target.left, within)), ...(await select(target.right, within))]);
    }
  };
  return { select };
}

/** Undefined when the value holds mappings, whose names match too. */
function textsOf(value: unknown): string[] | undefined {
  if (isDict(value)) return undefined;
  if (!Array.isArray(value)) return [pyStr(value)];
  return value.some(isDict) ? undefined : value.map((item) => pyStr(item));
}

/** The ids that a leaf names outright. */
function namedIds({ leaf: { kind, pattern } }: CompiledLeaf): readonly string[] | undefined {
  if (kind === 'list') return [...new Set(pattern)];
  return kind === 'glob' && typeof pattern === 'string' && !/[*?[]/.test(pattern) ? [pattern] : undefined;
}

function isEverything({ leaf: { kind, pattern } }: CompiledLeaf): boolean {
  return kind === 'glob' && pattern === '*';
}

async function filter(texts: Iterable<string>, keep: (text: string) => boolean): Promise<Ids> {
  const kept = new Set<string>();
  await eachInTurns(texts, (text) => {
    if (keep(text)) kept.add(text);
  });
  return kept;
}
