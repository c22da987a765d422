import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { Dict, Text, Value } from '../../shared/plugin/args.ts';
import { defineModule, fn } from '../context.ts';
import { changeStore, clearStore, readStore, type Store } from '../lib/data/data_store.ts';

/** JSON has no word for what is left out. */
const Kept = v.pipe(
  Value,
  v.transform((value) => value ?? null),
);

export default defineModule({
  summary: 'Keep values on this minion, over restarts.',
  functions: {
    clear: fn({
      summary: 'Forget all values.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' data.clear"],
      async run(context) {
        await clearStore(context);
        return true;
      },
    }),
    load: fn({
      summary: 'Return all values, by key.',
      args: {},
      examples: ["salt '*' data.load"],
      reads: true,
      run: readStore,
    }),
    dump: fn({
      summary: 'Put a mapping in place of all values.',
      args: { new_data: Dict },
      returns: '``True``.',
      examples: ["salt '*' data.dump '{eggs: spam}'"],
      run: (context, { new_data }) => changeStore(context, () => new_data),
    }),
    update: fn({
      summary: 'Set a value.',
      args: { key: Text, value: Kept },
      returns: '``True``.',
      examples: ["salt '*' data.update eggs spam"],
      run: (context, { key, value }) => changeStore(context, (store) => ({ ...store, [key]: value })),
    }),
    cas: fn({
      summary: 'Set a value if it still is the one that is expected.',
      args: { key: Text, value: Kept, old_value: Kept },
      returns: 'whether it was.',
      examples: ["salt '*' data.cas eggs ham spam"],
      run: (context, { key, value, old_value }) =>
        changeStore(context, (store) =>
          Object.hasOwn(store, key) && isDeepStrictEqual(store[key], old_value)
            ? { ...store, [key]: value }
            : undefined,
        ),
    }),
    pop: fn({
      summary: 'Remove a value and return it.',
      args: { key: Text, default: v.optional(Value) },
      returns: 'the default when there is none.',
      examples: ["salt '*' data.pop eggs"],
      async run(context, { key, default: fallback }) {
        let popped: unknown;
        await changeStore(context, (store) => {
          popped = valueIn(store, key, fallback);
          return Object.hasOwn(store, key)
            ? Object.fromEntries(Object.entries(store).filter(([name]) => name !== key))
            : undefined;
        });
        return popped;
      },
    }),
    get: fn({
      summary: 'Return a value.',
      args: { key: Text, default: v.optional(Value) },
      returns: 'the default when there is none.',
      examples: ["salt '*' data.get eggs", "salt '*' data.get eggs default=spam"],
      reads: true,
      run: async (context, { key, default: fallback }) => valueIn(await readStore(context), key, fallback),
    }),
    keys: fn({
      summary: 'Return the keys of all values.',
      args: {},
      examples: ["salt '*' data.keys"],
      reads: true,
      run: async (context) => Object.keys(await readStore(context)),
    }),
    values: fn({
      summary: 'Return all values, without their keys.',
      args: {},
      examples: ["salt '*' data.values"],
      reads: true,
      run: async (context) => Object.values(await readStore(context)),
    }),
    items: fn({
      summary: 'Return all values, each in a list with its key.',
      args: {},
      examples: ["salt '*' data.items"],
      reads: true,
      run: async (context) => Object.entries(await readStore(context)),
    }),
    has_key: fn({
      summary: 'Return whether there is a value of a key.',
      args: { key: Text },
      examples: ["salt '*' data.has_key eggs"],
      reads: true,
      run: async (context, { key }) => Object.hasOwn(await readStore(context), key),
    }),
  },
});

function valueIn(store: Store, key: string, fallback: unknown): unknown {
  return Object.hasOwn(store, key) ? store[key] : (fallback ?? null);
}
