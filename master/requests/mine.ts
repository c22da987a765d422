import * as v from 'valibot';
import { TargetType } from '../../shared/protocol/fields.ts';
import { MinionTarget } from './minion_target.ts';
import { defineRequest } from './request.ts';

/** A function of the mine: an execution function, or the alias that its owner gave it. */
const MineName = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

const MineItem = v.object({
  value: v.unknown(),
  /** Who may read it, beside its owner; left out: every minion (MIN-3). */
  allow_tgt: v.optional(MinionTarget),
  allow_tgt_type: v.optional(TargetType),
});

const MinePayload = v.variant('op', [
  v.object({
    op: v.literal('update'),
    items: v.optional(v.record(MineName, MineItem), {}),
    /** Whose values are still what they were. */
    unchanged: v.optional(v.array(MineName), []),
    /** Whatever is not named is forgotten. */
    clear: v.optional(v.boolean(), false),
  }),
  v.object({ op: v.literal('delete'), names: v.array(MineName) }),
  v.object({ op: v.literal('flush') }),
  v.object({
    op: v.literal('get'),
    tgt: MinionTarget,
    tgt_type: v.optional(TargetType, 'glob'),
    names: v.pipe(v.array(MineName), v.minLength(1)),
    exclude_minion: v.optional(v.boolean(), false),
  }),
]);

/** What minions tell of themselves for other minions to read (MIN-1 to MIN-5). */
export const mine = defineRequest({
  payload: MinePayload,
  async answer({ mine, fleet }, id, payload) {
    switch (payload.op) {
      case 'update':
        return mine.update(id, payload);
      case 'delete':
        return mine.remove(id, payload.names);
      case 'flush':
        return mine.remove(id);
      case 'get': {
        const matched = await fleet.match(payload.tgt, payload.tgt_type);
        const ids = payload.exclude_minion ? matched.filter((one) => one !== id) : matched;
        return mine.read(payload.names, ids, id);
      }
    }
  },
});
