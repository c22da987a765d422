export const BUILTIN_FILTERS: ReadonlyMap<string, never> = new Map();
