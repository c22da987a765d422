import * as v from 'valibot';
import { createPace } from '../../shared/pace.ts';
import { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import { defineRunner, fn, type MasterContext } from '../context.ts';

const args = { tgt: v.optional(TargetExpression, '*'), tgt_type: v.optional(TargetType, 'glob') };

export default defineRunner({
  summary: 'See what the master knows of its minions, also of those that are not there.',
  functions: {
    grains: fn({
      summary: 'Print the grains of minions as each told them last.',
      args,
      returns: 'by minion; one that never told any is left out.',
      examples: ['salt-run cache.grains', "salt-run cache.grains 'web*'", "salt-run cache.grains 'os:Debian' grain"],
      reads: true,
      async run({ fleet, grainCache }, { tgt, tgt_type }) {
        const ids = await fleet.match(tgt, tgt_type);
        return Object.fromEntries(
          ids.flatMap((id) => (grainCache.of(id) === undefined ? [] : [[id, grainCache.of(id)]])),
        );
      },
    }),
    mine: fn({
      summary: 'Print all that the mine has of minions.',
      args,
      returns: 'by minion and function.',
      examples: ["salt-run cache.mine 'web*'"],
      reads: true,
      async run({ fleet, mine }, { tgt, tgt_type }) {
        const ids = await fleet.match(tgt, tgt_type);
        const all: Record<string, unknown> = {};
        const pace = createPace();
        for (const id of ids) {
          const values = await mineOf(mine, id);
          if (Object.keys(values).length > 0) all[id] = values;
          await pace();
        }
        return all;
      },
    }),
  },
});

async function mineOf(mine: MasterContext['mine'], id: string) {
  const names = Object.keys(mine.ages(id));
  const found = await mine.read(names, [id]);
  return Object.fromEntries(names.map((name) => [name, found[name]?.[id]]));
}
