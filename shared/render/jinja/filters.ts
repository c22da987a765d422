import type { Filter } from './filter_scope.ts';
import { APPLYING_FILTERS } from './filters/applying_filters.ts';
import { LAYOUT_FILTERS } from './filters/layout_filters.ts';
import { NUMBER_FILTERS } from './filters/number_filters.ts';
import { SEQUENCE_FILTERS } from './filters/sequence_filters.ts';
import { TEXT_FILTERS } from './filters/text_filters.ts';

/** The filters of Jinja2 3.1. */
export const BUILTIN_FILTERS: ReadonlyMap<string, Filter> = new Map([
  ...TEXT_FILTERS,
  ...LAYOUT_FILTERS,
  ...NUMBER_FILTERS,
  ...SEQUENCE_FILTERS,
  ...APPLYING_FILTERS,
]);
