import { FleetError } from '../errors.ts';
import { isDict, pyStr } from '../python_text.ts';
import { globMatcher } from '../target/glob.ts';
import { deepMerge } from './deep_merge.ts';

type Dict = Readonly<Record<string, unknown>>;

export interface FilterOptions {
  /** Laid over what was found. */
  readonly merge?: unknown;
  /** Key that counts when no other matches. */
  readonly default: string;
  /** Key of values that the found ones are laid over. */
  readonly base?: string | undefined;
}

/**
 * Looks a value up in a table whose keys are globs, as Salt's `filter_by` functions do; of a list of values the first
 * that has a row counts. Null when nothing matches. Throws ARGS_INVALID when things that cannot be merged should be.
 */
export function filterBy(table: Dict, value: unknown, options: FilterOptions): unknown {
  const { merge, base } = options;
  const found = findRow(table, value) ?? memberOf(table, options.default);
  const onBase = layOver(base === undefined ? undefined : memberOf(table, base), found);
  if (!isDict(merge)) {
    if (merge) throw cannotMerge('filter_by merge argument must be a dictionary.');
    return onBase ?? null;
  }
  if (Object.keys(merge).length === 0) return onBase ?? null;
  if (onBase === undefined) return merge;
  if (!isDict(onBase)) throw cannotMerge('filter_by can only merge into a dictionary.');
  return deepMerge(onBase, merge);
}

function findRow(table: Dict, value: unknown): unknown {
  for (const item of Array.isArray(value) ? value : [value]) {
    const text = pyStr(item);
    for (const [pattern, row] of Object.entries(table)) {
      if (row !== null && globMatcher(pattern)(text)) return row;
    }
  }
  return undefined;
}

function memberOf(table: Dict, key: string): unknown {
  return Object.hasOwn(table, key) ? (table[key] ?? undefined) : undefined;
}

function layOver(base: unknown, found: unknown): unknown {
  if (found === undefined || !isDict(base)) return found ?? base;
  if (!isDict(found)) throw cannotMerge('filter_by default and look-up values must both be dictionaries.');
  return deepMerge(base, found);
}

function cannotMerge(message: string): FleetError {
  return new FleetError('ARGS_INVALID', message);
}
