/** What Node has itself, cbor-x without its native part, which a file of text cannot bring, and what is never used. */
export const REPLACED = {
  'cbor-x': './node_modules/cbor-x/index.js',
  'lru-cache': './scripts/bundle/no_lru_cache.cjs',
  re2js: './scripts/bundle/lazy_re2js.cjs',
  'readable-stream': 'node:stream',
  'worker-timers': 'node:timers',
};
