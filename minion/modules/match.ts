import * as v from 'valibot';
import { deepMerge, deepMergeWithLists } from '../../shared/data/deep_merge.ts';
import { FleetError } from '../../shared/errors.ts';
import { Dict, Flag, Text } from '../../shared/plugin/args.ts';
import { TargetType } from '../../shared/protocol/fields.ts';
import { isDict, pyStr } from '../../shared/python_text.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { matcherOf } from '../../shared/target/target.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { keywordOptions } from '../lib/keyword_options.ts';

const MinionId = v.optional(Text);
const Delimiter = v.optional(v.pipe(Text, v.regex(/^[^\s@]$/u, 'must be one character')), ':');

/** How a value is chosen by targets, and what is laid over it. */
const choiceArgs = {
  tgt_type: v.optional(TargetType, 'compound'),
  minion_id: MinionId,
  merge: v.optional(Dict),
  merge_lists: v.optional(Flag, false),
};
type Choice = v.InferOutput<v.ObjectSchema<typeof choiceArgs, undefined>>;

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

/** The same of grains and pillar, with a delimiter. */
function matchTreeFn(kind: TargetType, name: string, example: string) {
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
    grain: matchTreeFn('grain', 'a grain', 'os:Ubuntu'),
    grain_pcre: matchTreeFn('grain_pcre', 'a grain and a regular expression', 'os:Fedo.*'),
    pillar: matchTreeFn('pillar', 'pillar', 'cheese:foo'),
    pillar_pcre: matchTreeFn('pillar_pcre', 'pillar and a regular expression', 'cheese:(swiss|american)'),
    data: fn({
      summary: 'Tell whether a value that `data` keeps on this minion is the one of a target.',
      args: { tgt: Text },
      description:
        'The target is a key and a glob. Of a list one item has to match, upper or lower case; of a mapping it is a key,\n' +
        'not a glob.',
      examples: ["salt '*' match.data 'spam:eggs'"],
      reads: true,
      async run(context, { tgt }) {
        const [key = '', pattern] = tgt.split(':');
        return pattern !== undefined && isKept(await context.call('data.get', [key]), pattern);
      },
    }),
    ipcidr: fn({
      summary: 'Tell whether an address of this minion is one, or is in a network.',
      args: { tgt: Text },
      examples: ["salt '*' match.ipcidr '192.168.44.0/24'"],
      reads: true,
      run: (context, { tgt }) => isSelected(context, tgt, 'ipcidr', {}),
    }),
    filter_by: fn({
      summary: 'Return the value of the first target in a mapping that selects this minion.',
      args: { lookup: Dict, ...choiceArgs, default: v.optional(Text, 'default') },
      description:
        'merge is laid over the value; with merge_lists=True what is new in its lists is added. Without a match it is the\n' +
        'value under `default`, or ``None``.',
      examples: ["salt '*' match.filter_by '{foo*: Foo!, bar*: Bar!}' minion_id=bar03"],
      reads: true,
      async run(context, { lookup, default: fallback, ...options }) {
        const pairs = Object.entries(lookup).filter(([tgt]) => tgt !== fallback);
        const otherwise = Object.hasOwn(lookup, fallback) ? lookup[fallback] : undefined;
        return chosen('filter_by', await firstSelected(context, pairs, otherwise, options), options);
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
      summary: 'Return the value behind the first target that selects this minion, or the last argument.',
      args: {},
      varargs: true,
      description:
        'Targets and values in turn, then what it is otherwise. The keyword arguments are those of match.filter_by:\n' +
        'tgt_type, minion_id, merge and merge_lists.',
      examples: ["salt '*' match.ifelse 'foo*' 'Foo!' 'bar*' 'Bar!' minion_id=bar03"],
      varkw: true,
      reads: true,
      async run(context, _args, { args, kwargs }) {
        // None means the default.
        const given = Object.fromEntries(Object.entries(kwargs).filter(([, value]) => value !== null));
        const options = keywordOptions(given, choiceArgs);
        const pairs: [string, unknown][] = [];
        for (let index = 0; index + 1 < args.length; index += 2) pairs.push([pyStr(args[index]), args[index + 1]]);
        const otherwise = args.length % 2 === 1 ? args.at(-1) : undefined;
        return chosen('ifelse', await firstSelected(context, pairs, otherwise, options), options);
      },
    }),
  },
});

async function firstSelected(
  context: MinionContext,
  pairs: readonly (readonly [string, unknown])[],
  otherwise: unknown,
  { tgt_type, minion_id }: Choice,
): Promise<unknown> {
  for (const [tgt, value] of pairs) {
    if (await isSelected(context, tgt, tgt_type, { minion_id })) return value;
  }
  return otherwise;
}

function chosen(name: string, value: unknown, { merge, merge_lists }: Choice): unknown {
  if (merge === undefined || value === undefined) return value ?? merge ?? null;
  if (isDict(value)) return merge_lists ? deepMergeWithLists(value, merge) : deepMerge(value, merge);
  throw new FleetError('ARGS_INVALID', `${name} can only merge into a dictionary.`);
}

function isKept(value: unknown, pattern: string): boolean {
  if (value === null || value === undefined) return false;
  if (isDict(value)) return Object.hasOwn(value, pattern);
  if (!Array.isArray(value)) return globMatcher(pattern)(pyStr(value));
  const matches = globMatcher(pattern.toLowerCase());
  return value.some((item) => matches(pyStr(item).toLowerCase()));
}

async function isSelected(
  { id, grains }: MinionContext,
  tgt: string,
  kind: TargetType,
  options: { readonly minion_id?: string | undefined; readonly delimiter?: string | undefined },
): Promise<boolean> {
  const matches = await matcherOf(tgt, kind, { delimiter: options.delimiter });
  return matches({ id: options.minion_id ?? id, grains: grains.all() });
}
