import * as v from 'valibot';
import { deepMerge } from '../../shared/data/deep_merge.ts';
import { FleetError } from '../../shared/errors.ts';
import { Dict, Flag, Text } from '../../shared/plugin/args.ts';
import { TargetType } from '../../shared/protocol/fields.ts';
import { isDict, pyStr } from '../../shared/python_text.ts';
import { matcherOf } from '../../shared/target/target.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';

const MinionId = v.optional(Text);
const Delimiter = v.optional(v.pipe(Text, v.regex(/^[^\s@]$/u, 'must be one character')), ':');

/** The matcher of one kind on this minion. */
function matchFn(kind: TargetType, name: string, example: string) {
  return fn({
    summary: `Tell whether a ${name} target selects this minion.`,
    args: { tgt: Text, minion_id: MinionId },
    description: 'minion_id stands for the id of this minion.',
    examples: [`salt '*' match.${kind} '${example}'`],
    reads: true,
    run: (context, { tgt, minion_id }) => isSelected(context, tgt, kind, { minion_id }),
  });
}

/** The same of grains, with a delimiter. */
function matchGrainFn(kind: TargetType, name: string, example: string) {
  return fn({
    summary: `Tell whether a target by ${name} selects this minion.`,
    args: { tgt: Text, delimiter: Delimiter, minion_id: MinionId },
    examples: [`salt '*' match.${kind} '${example}'`],
    reads: true,
    run: (context, { tgt, delimiter, minion_id }) => isSelected(context, tgt, kind, { delimiter, minion_id }),
  });
}

export default defineModule({
  summary: 'Tell whether targets select this minion, and choose values by them.',
  functions: {
    compound: matchFn('compound', 'compound', 'L@cheese,foo and *'),
    glob: matchFn('glob', 'glob', 'web*'),
    pcre: matchFn('pcre', 'regular expression', 'web\\d+'),
    list: matchFn('list', 'list', 'server1,server2'),
    grain: matchGrainFn('grain', 'a grain', 'os:Ubuntu'),
    grain_pcre: matchGrainFn('grain_pcre', 'a grain and a regular expression', 'os:Fedo.*'),
    ipcidr: fn({
      summary: 'Tell whether an address of this minion is one, or is in a network.',
      args: { tgt: Text },
      examples: ["salt '*' match.ipcidr '192.168.44.0/24'"],
      reads: true,
      run: (context, { tgt }) => isSelected(context, tgt, 'ipcidr', {}),
    }),
    filter_by: fn({
      summary: 'Return the value of the first target in a mapping that selects this minion.',
      args: {
        lookup: Dict,
        tgt_type: v.optional(TargetType, 'compound'),
        minion_id: MinionId,
        merge: v.optional(Dict),
        merge_lists: v.optional(Flag, false),
        default: v.optional(Text, 'default'),
      },
      description: 'merge is laid over the value. Without a match it is the value under `default`, or ``None``.',
      examples: ["salt '*' match.filter_by '{foo*: Foo!, bar*: Bar!}' minion_id=bar03"],
      reads: true,
      async run(context, { lookup, tgt_type, minion_id, merge, default: fallback }) {
        let found = Object.hasOwn(lookup, fallback) ? lookup[fallback] : undefined;
        for (const [tgt, value] of Object.entries(lookup)) {
          if (tgt === fallback || !(await isSelected(context, tgt, tgt_type, { minion_id }))) continue;
          found = value;
          break;
        }
        if (merge === undefined || found === undefined) return found ?? merge ?? null;
        if (isDict(found)) return deepMerge(found, merge);
        throw new FleetError('ARGS_INVALID', 'filter_by can only merge into a dictionary.');
      },
    }),
    search_by: fn({
      summary: 'Return the names in a mapping of names to lists of targets of which one selects this minion.',
      args: { lookup: Dict, tgt_type: v.optional(TargetType, 'compound'), minion_id: MinionId },
      returns: '``None`` when there are none.',
      examples: ["salt '*' match.search_by '{web: [node1 or node2], db: [node2]}'"],
      reads: true,
      async run(context, { lookup, tgt_type, minion_id }) {
        const names: string[] = [];
        for (const [name, targets] of Object.entries(lookup)) {
          const answers = [targets].flat().map((tgt) => isSelected(context, pyStr(tgt), tgt_type, { minion_id }));
          if ((await Promise.all(answers)).includes(true)) names.push(name);
        }
        return names.length === 0 ? null : names;
      },
    }),
    ifelse: fn({
      summary: 'Return the value behind the first compound target that selects this minion, or the last argument.',
      args: {},
      varargs: true,
      description: 'Targets and values in turn, then what it is otherwise.',
      examples: ["salt '*' match.ifelse 'foo*' 'Foo!' 'bar*' 'Bar!' minion_id=bar03"],
      varkw: true,
      reads: true,
      async run(context, _args, { args, kwargs }) {
        const minion_id = kwargs.minion_id === undefined ? undefined : pyStr(kwargs.minion_id);
        for (let index = 0; index + 1 < args.length; index += 2) {
          if (await isSelected(context, pyStr(args[index]), 'compound', { minion_id })) return args[index + 1];
        }
        return args.length % 2 === 1 ? args.at(-1) : null;
      },
    }),
  },
});

async function isSelected(
  { id, grains }: MinionContext,
  tgt: string,
  kind: TargetType,
  options: { readonly minion_id?: string | undefined; readonly delimiter?: string | undefined },
): Promise<boolean> {
  const matches = await matcherOf(tgt, kind, { delimiter: options.delimiter });
  return matches({ id: options.minion_id ?? id, grains: grains.all() });
}
