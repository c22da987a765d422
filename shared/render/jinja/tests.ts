export const BUILTIN_TESTS: ReadonlyMap<string, never> = new Map();
