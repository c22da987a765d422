import type { Grains } from '../../minion/context.ts';

type Dict = Readonly<Record<string, unknown>>;

/** Grains in memory, weakest first: of the machine, of the static file, of the configuration. */
export function fakeGrains(core: Dict, initial: Dict = {}, configured: Dict = {}): Grains {
  let custom = initial;
  return {
    all: () => ({ ...core, ...custom, ...configured }),
    readCustom: async () => custom,
    async updateCustom(change) {
      custom = change(custom);
    },
    refresh: async () => [],
    complete: async () => undefined,
    broken: () => ({}),
  };
}
