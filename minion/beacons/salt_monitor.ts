import * as v from 'valibot';
import { pyBool } from '../../shared/python_text.ts';
import { defineBeacon } from '../beacon.ts';

const Name = v.pipe(v.string(), v.regex(/^\w+\.\w+$/, 'must be a function such as test.ping'));
const Arguments = v.strictObject(
  {
    args: v.optional(v.array(v.unknown(), 'must be a list'), []),
    kwargs: v.optional(v.array(v.record(v.string(), v.unknown()), 'must be a list of keys with values'), []),
  },
  'must have args and kwargs alone',
);
const Call = v.union([Name, v.record(Name, Arguments)], 'must be a function, or one with its args and kwargs');

export default defineBeacon({
  summary: 'Calls execution functions and tells what they return.',
  description:
    'What counts as nothing in Python (``False``, 0, an empty text, list or mapping) is not told, unless salt_fun is the\n' +
    'name of one function. Choose an interval that is long enough for all of them: one is called after the other.',
  config: v.strictObject({
    salt_fun: v.union([Name, v.array(Call)], 'must be a function, or a list of functions'),
  }),
  example: [
    { salt_fun: ['test.ping', { 'cmd.run': { args: ['uptime'], kwargs: [{ python_shell: false }] } }] },
    { interval: 3600 },
  ],
  data: {
    salt_fun: 'the function',
    ret: 'what it returned',
    args: 'its positional arguments, when it had any',
    kwargs: 'its keyword arguments, when it had any',
  },
  async *watch({ ticks, call }, { salt_fun }) {
    const isOne = typeof salt_fun === 'string';
    const calls = [salt_fun].flat().flatMap(toCalls);
    for await (const _ of ticks()) {
      for (const { fun, args, kwargs } of calls) {
        const ret = await call(fun, args, kwargs);
        const given = { ...(args.length > 0 && { args }), ...(Object.keys(kwargs).length > 0 && { kwargs }) };
        if (isOne || pyBool(ret)) yield { data: { salt_fun: fun, ret, ...given } };
      }
    }
  },
});

interface FunctionCall {
  readonly fun: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

function toCalls(item: v.InferOutput<typeof Call>): FunctionCall[] {
  if (typeof item === 'string') return [{ fun: item, args: [], kwargs: {} }];
  return Object.entries(item).map(([fun, { args, kwargs }]) => ({
    fun,
    args,
    kwargs: Object.assign({}, ...kwargs) as Record<string, unknown>,
  }));
}
