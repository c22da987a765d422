import * as v from 'valibot';
import { createPace } from '../../shared/pace.ts';
import { Dict, Flag, TextList } from '../../shared/plugin/args.ts';
import { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import { defineRunner, fn } from '../context.ts';

const Type = v.optional(TargetType, 'glob');

export default defineRunner({
  summary: 'What minions tell of themselves for other minions to read.',
  functions: {
    get: fn({
      summary: 'Print what the mine has of a function, or of several, for the minions of a target.',
      args: { tgt: TargetExpression, fun: TextList, tgt_type: Type },
      returns: 'by minion; of several functions by function, then by minion.',
      examples: ["salt-run mine.get '*' network.ip_addrs", "salt-run mine.get 'web*' network.ip_addrs,grains.items"],
      reads: true,
      async run({ mine, fleet }, { tgt, fun, tgt_type }) {
        const found = await mine.read(fun, await fleet.match(tgt, tgt_type));
        const [only] = fun;
        return fun.length === 1 && only !== undefined ? found[only] : found;
      },
    }),
    status: fn({
      summary:
        'Print how old the values of the mine are: since when each is what it is, and when its minion last said so.',
      args: { tgt: v.optional(TargetExpression, '*'), tgt_type: Type },
      returns: 'by minion and function: `checked_s` and `changed_s`, seconds ago, and the size in `bytes`.',
      examples: ['salt-run mine.status', "salt-run mine.status 'web*'"],
      reads: true,
      async run({ mine, fleet }, { tgt, tgt_type }) {
        const ids = await fleet.match(tgt, tgt_type);
        const all: Record<string, unknown> = {};
        const pace = createPace();
        for (const id of ids) {
          all[id] = mine.ages(id);
          await pace();
        }
        return all;
      },
    }),
    update: fn({
      summary: 'Have minions work out their mine anew and send it.',
      args: {
        tgt: TargetExpression,
        tgt_type: Type,
        clear: v.optional(Flag, false),
        mine_functions: v.optional(Dict),
      },
      returns: 'the id of the job that does it.',
      examples: ["salt-run mine.update '*'"],
      async run({ dispatchJob }, { tgt, tgt_type, clear, mine_functions }) {
        const kwarg = { clear, ...(mine_functions !== undefined && { mine_functions }) };
        const { jid } = await dispatchJob({
          op: 'job',
          tgt,
          tgt_type,
          fun: 'mine.update',
          arg: [],
          kwarg,
          async: true,
        });
        return { jid };
      },
    }),
  },
});
