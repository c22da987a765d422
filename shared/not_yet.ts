const missing: ReadonlyMap<string, string> = new Map([
  ['state', 'there are no states (SLS) yet'],
  ['pillar', 'there is no pillar yet'],
  ['cp', 'there is no file server yet'],
  ['fileserver', 'there is no file server yet'],
]);

/** Why there is no module of that name, which everybody who knows Salt expects. */
export function whyNotYet(module: string): string | undefined {
  return missing.get(module);
}
