import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { createPace } from '../../shared/pace.ts';
import { Text } from '../../shared/plugin/args.ts';
import { TargetExpression, TargetType } from '../../shared/protocol/fields.ts';
import { type Explained, explainTarget } from '../../shared/target/explain_target.ts';
import { compileTarget } from '../../shared/target/target.ts';
import { defineRunner, fn } from '../context.ts';

const args = {
  tgt: TargetExpression,
  tgt_type: v.optional(TargetType, 'compound'),
  delimiter: v.optional(Text),
};

export default defineRunner({
  summary: 'See whom a target selects, and why.',
  functions: {
    preview: fn({
      summary: 'Print the minions that a target selects, without sending them anything.',
      args: { ...args, exclude: v.optional(Text) },
      returns: 'their ids.',
      examples: ["salt-run target.preview 'G@os:Debian and web*'", "salt-run target.preview 'web*' glob"],
      reads: true,
      run: ({ fleet }, { tgt, tgt_type, delimiter, exclude }) => fleet.match(tgt, tgt_type, { delimiter, exclude }),
    }),
    explain: fn({
      summary:
        'Print why a target selects a minion or not, term by term; without a minion, how many each term selects.',
      args: { tgt: TargetExpression, minion: v.optional(Text), tgt_type: args.tgt_type, delimiter: args.delimiter },
      examples: [
        "salt-run target.explain 'G@os:Debian and not web*' m1",
        "salt-run target.explain 'G@os:Debian and not web*'",
      ],
      reads: true,
      async run({ fleet, grainCache }, { tgt, minion, tgt_type, delimiter }) {
        const target = await compileTarget(fleet.parse(tgt, tgt_type, { delimiter }));
        const explain = (id: string): Explained => explainTarget(target, { id, grains: grainCache.of(id) });
        if (minion === undefined) {
          const all: Explained[] = [];
          const pace = createPace();
          for (const id of fleet.ids()) {
            all.push(explain(id));
            await pace();
          }
          return count(all);
        }
        if (!fleet.ids().includes(minion)) {
          throw new FleetError('ARGS_INVALID', `there is no accepted minion '${minion}'`, {
            hint: 'salt-key -l accepted lists them',
          });
        }
        const explained = explain(minion);
        return {
          selected: explained.matches,
          ...(grainCache.of(minion) === undefined && { note: `${minion} has told no grains` }),
          terms: textsOf(explained).join('\n'),
        };
      },
    }),
  },
});

/** A line for each term, those within others indented. */
function textsOf({ term, matches, of = [] }: Explained): string[] {
  return [`${term}: ${matches ? 'yes' : 'no'}`, ...of.flatMap(textsOf).map((line) => `  ${line}`)];
}

/** The same for all minions at once. All trees have one shape. */
function count(all: readonly Explained[]) {
  const lines = (trees: readonly Explained[]): string[] => {
    const [first] = trees;
    if (first === undefined) return [];
    const within = (first.of ?? []).flatMap((_, index) => lines(trees.flatMap(({ of }) => of?.[index] ?? [])));
    return [`${first.term}: ${trees.filter(({ matches }) => matches).length}`, ...within.map((line) => `  ${line}`)];
  };
  return { selected: all.filter(({ matches }) => matches).length, of: all.length, terms: lines(all).join('\n') };
}
