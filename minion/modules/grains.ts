import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { filterBy } from '../../shared/data/filter_by.ts';
import { valueAt } from '../../shared/data/value_path.ts';
import { FleetError } from '../../shared/errors.ts';
import { Count, Dict, Flag, Text, Value } from '../../shared/plugin/args.ts';
import { pyBool, pyStr } from '../../shared/python_text.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { appendToGrain, type GrainChange, removeFromGrain, setGrain } from '../lib/grain_change.ts';

const Delimiter = v.optional(v.pipe(Text, v.minLength(1, 'must not be empty')), ':');
const HASH_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)';
const RefreshPillar = v.optional(Flag, true);

export default defineModule({
  summary: "Read the minion's grains, and keep some of your own.",
  functions: {
    get: fn({
      summary: 'Return the value of a grain, or of a part of it such as `dns:nameservers:0`.',
      args: { key: Text, default: v.optional(Value, ''), delimiter: Delimiter, ordered: v.optional(Flag, true) },
      returns: 'the default, an empty text unless given, when there is none.',
      examples: [
        "salt '*' grains.get os",
        "salt '*' grains.get pkg:apache",
        "salt '*' grains.get abc::def|ghi delimiter='|'",
      ],
      reads: true,
      run: (context, { key, default: fallback, delimiter }) => valueAt(context.grains.all(), key, delimiter, fallback),
    }),
    fetch: fn({
      summary: 'Return the value of a grain, as grains.get does.',
      args: { key: Text, default: v.optional(Value, ''), delimiter: Delimiter, ordered: v.optional(Flag, true) },
      returns: 'the default, an empty text unless given, when there is none.',
      examples: ["salt '*' grains.fetch os"],
      reads: true,
      run: (context, { key, default: fallback, delimiter }) => valueAt(context.grains.all(), key, delimiter, fallback),
    }),
    has_value: fn({
      summary: 'Tell whether a grain exists and has a value that is not empty.',
      args: { key: Text },
      examples: ["salt '*' grains.has_value pkg:apache"],
      reads: true,
      run: (context, { key }) => pyBool(valueAt(context.grains.all(), key)),
    }),
    items: fn({
      summary: 'Return all grains.',
      args: { sanitize: v.optional(Flag, false) },
      examples: ["salt '*' grains.items", "salt '*' grains.items sanitize=True"],
      reads: true,
      run: (context, { sanitize }) => (sanitize ? sanitized(context.grains.all()) : context.grains.all()),
    }),
    item: fn({
      summary: 'Return one or more grains.',
      description: 'Takes default=, delimiter= and sanitize=True beside the names.',
      args: {},
      varargs: true,
      varkw: true,
      examples: [
        "salt '*' grains.item os",
        "salt '*' grains.item os osrelease oscodename",
        "salt '*' grains.item host sanitize=True",
      ],
      reads: true,
      run(context, _args, { args, kwargs }) {
        const { default: fallback = '', delimiter = ':', sanitize = false } = kwargs;
        const value = (key: string) => valueAt(context.grains.all(), key, pyStr(delimiter), fallback);
        const grains = Object.fromEntries(args.map((name) => [pyStr(name), value(pyStr(name))]));
        return /^true$/i.test(pyStr(sanitize)) ? sanitized(grains) : grains;
      },
    }),
    ls: fn({
      summary: 'Return the names of all grains.',
      args: {},
      examples: ["salt '*' grains.ls"],
      reads: true,
      run: (context) => Object.keys(context.grains.all()).sort(),
    }),
    equals: fn({
      summary: 'Tell whether a grain has a value; both are compared as text.',
      args: { key: Text, value: Value },
      examples: ["salt '*' grains.equals systemd:version 252"],
      reads: true,
      run: (context, { key, value }) => pyStr(value) === pyStr(valueAt(context.grains.all(), key, ':', '')),
    }),
    filter_by: fn({
      summary: 'Look a grain up in a mapping of its possible values.',
      description: `The keys of the mapping may be globs. When the grain is a list, the first item that has a key counts.
\`merge\` is laid over the result, and the result over the value of the key \`base\`.`,
      args: {
        lookup_dict: Dict,
        grain: v.optional(Text, 'os_family'),
        merge: v.optional(Value),
        default: v.optional(Text, 'default'),
        base: v.optional(Text),
      },
      returns: '``None`` when nothing matches and the mapping has no default.',
      examples: ["salt '*' grains.filter_by '{Debian: Debheads rule, RedHat: I love my hat}'"],
      reads: true,
      run: (context, { lookup_dict, grain, ...options }) =>
        filterBy(lookup_dict, valueAt(context.grains.all(), grain, ':', []), options),
    }),
    setvals: fn({
      summary: 'Set grains in the static grains file.',
      args: { grains: Dict, destructive: v.optional(Flag, false), refresh_pillar: RefreshPillar },
      returns: 'the grains that were set.',
      examples: [`salt '*' grains.setvals "{'key1': 'val1', 'key2': 'val2'}"`],
      run: (context, { grains, destructive }) => writeGrains(context, grains, destructive),
    }),
    setval: fn({
      summary: 'Set one grain in the static grains file.',
      args: { key: Text, val: Value, destructive: v.optional(Flag, false), refresh_pillar: RefreshPillar },
      returns: 'the grain that was set.',
      examples: [
        "salt '*' grains.setval key val",
        `salt '*' grains.setval key "{'sub-key': 'val', 'sub-key2': 'val2'}"`,
      ],
      run: (context, { key, val, destructive }) => writeGrains(context, { [key]: val }, destructive),
    }),
    set: fn({
      summary: 'Set a grain, or a part of it such as `apps:myApp:port`, without losing a mapping or list.',
      args: {
        key: Text,
        val: v.optional(Value, ''),
        force: v.optional(Flag, false),
        destructive: v.optional(Flag, false),
        delimiter: Delimiter,
      },
      returns: 'comment, changes and result.',
      examples: ["salt '*' grains.set apps:myApp:port 2209", "salt '*' grains.set apps:myApp '{port: 2209}'"],
      run: (context, { key, val, ...options }) => applySet(context, key, val, options),
    }),
    get_or_set_hash: fn({
      summary: 'Return the value of a grain, which is made at random and kept when there is none yet.',
      description: 'The grains of a minion are known to whoever reads grains: do not keep a secret in them.',
      args: {
        name: Text,
        length: v.optional(v.pipe(Count, v.maxValue(4096, 'must not be more than 4096')), 8),
        chars: v.optional(v.pipe(Text, v.minLength(1, 'must not be empty')), HASH_CHARACTERS),
      },
      examples: ["salt '*' grains.get_or_set_hash 'django:SECRET_KEY' 50"],
      async run(context, { name, length, chars }) {
        const present = valueAt(context.grains.all(), name);
        if (present !== undefined && present !== null) return present;
        const value = Array.from({ length }, () => chars[randomInt(chars.length)]).join('');
        const change = setGrain(context.grains.all(), name, value, {
          force: false,
          destructive: false,
          delimiter: ':',
        });
        if (change !== undefined && 'refused' in change) throw new FleetError('COMMAND_FAILED', change.refused);
        if (change !== undefined) await writeGrains(context, { [change.key]: change.value }, false);
        return value;
      },
    }),
    append: fn({
      summary: 'Add a value to a grain that is a list.',
      args: { key: Text, val: Value, convert: v.optional(Flag, false), delimiter: Delimiter },
      returns: 'the grain that was set, or a text that says why not.',
      examples: ["salt '*' grains.append key val"],
      run: (context, { key, val, ...options }) =>
        apply(context, appendToGrain(context.grains.all(), key, val, options)),
    }),
    remove: fn({
      summary: 'Take a value out of a grain that is a list.',
      args: { key: Text, val: Value, delimiter: Delimiter },
      returns: 'the grain that was set, or a text that says why not.',
      examples: ["salt '*' grains.remove key val"],
      run: (context, { key, val, delimiter }) =>
        apply(context, removeFromGrain(context.grains.all(), key, val, delimiter)),
    }),
    delkey: fn({
      summary: 'Remove a grain from the static grains file.',
      args: { key: Text, force: v.optional(Flag, false) },
      returns: 'comment, changes and result.',
      examples: ["salt '*' grains.delkey key"],
      run: (context, { key, force }) => applySet(context, key, null, { force, destructive: true, delimiter: ':' }),
    }),
    delval: fn({
      summary: 'Set a grain in the static grains file to nothing, or remove it with destructive=True.',
      args: { key: Text, destructive: v.optional(Flag, false), force: v.optional(Flag, false) },
      returns: 'comment, changes and result.',
      examples: ["salt '*' grains.delval key"],
      run: (context, { key, ...options }) => applySet(context, key, null, { ...options, delimiter: ':' }),
    }),
  },
});

type Grains = Readonly<Record<string, unknown>>;

async function writeGrains(context: MinionContext, grains: Grains, destructive: boolean): Promise<Grains> {
  await context.grains.updateCustom((present) => {
    const custom = { ...present };
    for (const [key, value] of Object.entries(grains)) {
      if (value === null && destructive) delete custom[key];
      else custom[key] = value;
    }
    return custom;
  });
  return grains;
}

async function apply(context: MinionContext, change: GrainChange): Promise<unknown> {
  return 'refused' in change ? change.refused : writeGrains(context, { [change.key]: change.value }, false);
}

async function applySet(
  context: MinionContext,
  key: string,
  value: unknown,
  options: Parameters<typeof setGrain>[3],
): Promise<unknown> {
  const change = setGrain(context.grains.all(), key, value, options);
  if (change === undefined) return { comment: 'Grain is already set', changes: {}, result: true };
  if ('refused' in change) return { comment: change.refused, changes: {}, result: false };
  const changes = await writeGrains(context, { [change.key]: change.value }, options.destructive);
  return { comment: '', changes, result: true };
}

/** What grains of a support case must not tell. */
const sanitizers: ReadonlyMap<string, (value: string) => string> = new Map([
  ['serialnumber', (value: string) => value.slice(0, Math.floor(value.length * 0.75)).padEnd(value.length, 'X')],
  ['domain', () => 'DOMAINNAME'],
  ['fqdn', () => 'MINION.DOMAINNAME'],
  ['id', () => 'MINION.DOMAINNAME'],
  ['host', () => 'MINION'],
  ['localhost', () => 'MINION'],
  ['nodename', () => 'MINION'],
]);

function sanitized(grains: Grains): Grains {
  const hide = (name: string, value: unknown) => sanitizers.get(name)?.(pyStr(value)) ?? value;
  return Object.fromEntries(Object.entries(grains).map(([name, value]) => [name, hide(name, value)]));
}
