import * as v from 'valibot';
import { Dict, Flag, Text, TextList, Value } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';

const Name = v.pipe(v.string('must be text'), v.regex(/^[^=\0]+$/, 'must be the name of a variable'));
/** False stands for an empty text, or for none. */
const NewValue = v.union([v.literal(false), v.pipe(Text, v.regex(/^[^\0]*$/, 'must not have a null byte'))]);
const off = v.optional(Flag, false);

const description =
  'It holds for the processes of this job, such as those of other functions that it calls. permanent is for Windows alone.';

export default defineModule({
  summary: 'See and change the environment that the processes of a job start with.',
  functions: {
    setval: fn({
      summary: 'Set a variable; False empties it, or removes it with false_unsets=True.',
      description,
      args: { key: Name, val: NewValue, false_unsets: off, permanent: off },
      returns: 'the value, ``None`` when it was removed.',
      examples: ["salt '*' environ.setval foo bar", "salt '*' environ.setval foo val=False false_unsets=True"],
      run: ({ environment }, { key, val, false_unsets }) => {
        const value = settled(val, false_unsets);
        environment.set({ [key]: value });
        return value;
      },
    }),
    setenv: fn({
      summary: 'Set several variables.',
      description: `${description}\nWith update_minion=True it holds for all jobs that come as well, until the minion ends. clear_all=True unsets all others.`,
      args: {
        environ: v.pipe(Dict, v.record(Name, NewValue)),
        false_unsets: off,
        clear_all: off,
        update_minion: off,
        permanent: off,
      },
      returns: 'the new values by name.',
      examples: [
        "salt '*' environ.setenv '{foo: bar, baz: quux}'",
        "salt '*' environ.setenv '{a: b, c: False}' false_unsets=True",
      ],
      run({ environment }, { environ, false_unsets, clear_all, update_minion }) {
        const others = clear_all ? Object.keys(environment.all()).filter((name) => !Object.hasOwn(environ, name)) : [];
        const wanted = [...others.map((name) => [name, false] as const), ...Object.entries(environ)];
        const changes = Object.fromEntries(wanted.map(([name, value]) => [name, settled(value, false_unsets)]));
        environment.set(changes, { minion: update_minion });
        return changes;
      },
    }),
    get: fn({
      summary: 'Return a variable.',
      args: { key: Text, default: v.optional(Value, '') },
      returns: 'the default when there is none of that name.',
      examples: ["salt '*' environ.get foo", "salt '*' environ.get baz default=False"],
      reads: true,
      run: (context, { key, default: fallback }) => variable(context, key) ?? fallback,
    }),
    has_value: fn({
      summary: 'Return whether there is a variable of a name, and of a value when one is given.',
      args: { key: Text, value: v.optional(Text) },
      examples: ["salt '*' environ.has_value foo", "salt '*' environ.has_value foo bar"],
      reads: true,
      run(context, { key, value }) {
        const found = variable(context, key);
        return found !== undefined && (value === undefined || found === value);
      },
    }),
    item: fn({
      summary: 'Return one or more variables.',
      args: { keys: TextList, default: v.optional(Value, '') },
      returns: 'values by name; the default for those that there are not.',
      examples: ["salt '*' environ.item foo", "salt '*' environ.item '[foo, baz]' default=None"],
      reads: true,
      run: (context, { keys, default: fallback }) =>
        Object.fromEntries(keys.map((key) => [key, variable(context, key) ?? fallback])),
    }),
    items: fn({
      summary: 'Return all variables.',
      args: {},
      examples: ["salt '*' environ.items"],
      reads: true,
      run: ({ environment }) => environment.all(),
    }),
  },
});

function settled(value: string | false, unsets: boolean): string | null {
  if (value !== false) return value;
  return unsets ? null : '';
}

function variable({ environment }: MinionContext, name: string): string | undefined {
  const all = environment.all();
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
