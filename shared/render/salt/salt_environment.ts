import { createEnvironment, type Environment, type EnvironmentOptions } from '../jinja/environment.ts';
import { dictFilters } from './filters/dict_filters.ts';
import { hashFilters } from './filters/hash_filters.ts';
import { iteratorFilters } from './filters/iterator_filters.ts';
import { listFilters } from './filters/list_filters.ts';
import { type MachineFunctions, machineFilters } from './filters/machine_filters.ts';
import { networkFilters } from './filters/network_filters.ts';
import { type RandomBytes, randomFilters } from './filters/random_filters.ts';
import { regexFilters } from './filters/regex_filters.ts';
import { serializerFilters } from './filters/serializer_filters.ts';
import { textFilters } from './filters/text_filters.ts';
import { timeFilters } from './filters/time_filters.ts';
import { printableText } from './printable_text.ts';
import type { NamedFilter } from './pure_filter.ts';
import type { FunctionSource } from './salt_functions.ts';
import { SaltFunctions } from './salt_functions.ts';
import { saltGlobals } from './salt_globals.ts';
import { saltTags } from './salt_tags.ts';
import { saltTests } from './salt_tests.ts';
import { importedNames } from './sls_names.ts';

/** What the surroundings of a template lend it. */
export interface SaltSurroundings {
  readonly functions: FunctionSource;
  readonly machine: MachineFunctions;
  readonly randomBytes: RandomBytes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What of Jinja's settings Salt lets its users choose (`jinja_env`, `jinja_sls_env`), and the engine's own. */
export type SaltEnvironmentOptions = Pick<
  EnvironmentOptions,
  'loader' | 'trimBlocks' | 'lstripBlocks' | 'undefined' | 'limits' | 'seed'
>;

/** Jinja as Salt sets it up: its tags, filters, tests and globals, and its way of printing dicts. */
export function createSaltEnvironment(surroundings: SaltSurroundings, options: SaltEnvironmentOptions): Environment {
  const { functions } = surroundings;
  return createEnvironment({
    ...options,
    finalize: printableText,
    placeOf: ({ name, relative }) => importedNames(name, relative),
    tags: saltTags,
    tests: saltTests,
    filters: saltFilters(surroundings),
    globals: [...saltGlobals(functions), ['salt', new SaltFunctions(functions)]],
  });
}

/** The filters that Salt adds to Jinja's own. */
export function saltFilters({
  machine,
  randomBytes,
  now,
}: Omit<SaltSurroundings, 'functions'>): readonly NamedFilter[] {
  return [
    ...serializerFilters,
    ...regexFilters,
    ...listFilters,
    ...iteratorFilters,
    ...dictFilters,
    ...textFilters,
    ...hashFilters,
    ...networkFilters,
    ...randomFilters(randomBytes),
    ...timeFilters(now),
    ...machineFilters(machine),
  ];
}
