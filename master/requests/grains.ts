import * as v from 'valibot';
import { defineRequest } from './request.ts';

/** SHA-256 in base64, of the grains as the minion writes them. */
const Hash = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/** A minion tells its grains when the master does not have these yet: first their hash alone, then, if it is wanted, all. */
export const grains = defineRequest({
  payload: v.object({ hash: Hash, grains: v.optional(v.record(v.string(), v.unknown())) }),
  async answer({ grainCache }, id, { hash, grains }) {
    if (grains !== undefined) await grainCache.put(id, hash, grains);
    return { wanted: grainCache.hashOf(id) !== hash };
  },
});
