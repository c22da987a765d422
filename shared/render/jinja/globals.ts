export const BUILTIN_GLOBALS: ReadonlyMap<string, never> = new Map();
