import * as v from 'valibot';
import { deepMerge } from '../../shared/data/deep_merge.ts';
import { valueAt } from '../../shared/data/value_path.ts';
import { redact } from '../../shared/log.ts';
import { Flag, Text, Value } from '../../shared/plugin/args.ts';
import { isDict, pyStr } from '../../shared/python_text.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';

type Data = Readonly<Record<string, unknown>>;

/** Options that have a value without being configured. */
const defaults: Data = { 'test.foo': 'unconfigured', 'hosts.file': '/etc/hosts', 'aliases.file': '/etc/aliases' };

const omit = v.optional(Flag, false);

interface Omitted {
  readonly omit_opts: boolean;
  readonly omit_grains: boolean;
  readonly omit_pillar: boolean;
  readonly omit_master: boolean;
}

export default defineModule({
  summary: "Read this minion's configuration, with its grains and pillar behind it.",
  functions: {
    get: fn({
      summary: "Return a value from the minion's configuration, its grains, its pillar or the master's configuration.",
      description:
        'They are looked at in this order, and the first that has the key answers. A key such as pkg:apache goes\n' +
        'into nested values. With merge=recurse or merge=overwrite all are merged first, at every depth or at the\n' +
        "top alone. The master's configuration is what the pillar has under `master`.",
      args: {
        key: Text,
        default: v.optional(Value, ''),
        delimiter: v.optional(Text, ':'),
        merge: v.optional(v.picklist(['recurse', 'overwrite'], 'must be recurse or overwrite')),
        omit_opts: omit,
        omit_pillar: omit,
        omit_master: omit,
        omit_grains: omit,
      },
      returns: 'the default when none has it.',
      examples: ["salt '*' config.get pkg:apache", "salt '*' config.get lvm merge=recurse"],
      reads: true,
      run(context, { key, delimiter, merge, default: fallback, ...omitted }) {
        const places = sources(context, omitted);
        const searched = merge === undefined ? places : [mergeAll(places, merge)];
        const found = searched.map((place) => valueAt(place, key, delimiter)).find((value) => value !== undefined);
        return found === undefined ? (fallback ?? null) : found;
      },
    }),
    option: fn({
      summary: 'Return the value of one option, or of all options that a glob matches.',
      args: {
        value: Text,
        default: v.optional(Value),
        omit_opts: omit,
        omit_grains: omit,
        omit_pillar: omit,
        omit_master: omit,
        omit_all: omit,
        wildcard: omit,
      },
      returns: 'with wildcard=True, a mapping of names and values.',
      examples: ["salt '*' config.option log_level", "salt '*' config.option 'log_*' wildcard=True"],
      reads: true,
      run(context, { value, default: fallback, wildcard, omit_all: omitAll, ...omitted }) {
        const places = omitAll ? [defaults] : sources(context, omitted);
        if (!wildcard) {
          const place = places.find((candidate) => Object.hasOwn(candidate, value));
          return place === undefined ? (fallback ?? '') : place[value];
        }
        const found = pick(Object.assign({}, ...places.toReversed()), globMatcher(value));
        return Object.keys(found).length === 0 ? (fallback ?? {}) : found;
      },
    }),
    merge: fn({
      summary: 'Return an option, merged from all places that have it.',
      description: 'Lists are joined and mappings are merged; the configuration wins over master and pillar.',
      args: { value: Text, default: v.optional(Value, ''), omit_opts: omit, omit_master: omit, omit_pillar: omit },
      examples: ["salt '*' config.merge schedule"],
      reads: true,
      run(context, { value, default: fallback, ...omitted }) {
        const all = mergedSources(context, omitted)
          .filter((place) => Object.hasOwn(place, value))
          .map((place) => place[value]);
        const [first, ...rest] = all;
        if (first === undefined) return Object.hasOwn(defaults, value) ? defaults[value] : (fallback ?? null);
        return typeof first === 'string' ? first : rest.reduce(mergePair, first);
      },
    }),
    items: fn({
      summary: "Return this minion's whole configuration, with secrets hidden.",
      args: {},
      examples: ["salt '*' config.items"],
      reads: true,
      run: (context) => redact(context.config),
    }),
    dot_vals: fn({
      summary: 'Return all options whose name begins with a word and a dot.',
      args: { value: Text },
      examples: ["salt '*' config.dot_vals host"],
      reads: true,
      run: (context, { value }) =>
        pick({ ...masterConfig(context), ...context.config }, (name) => name.startsWith(`${value}.`)),
    }),
    manage_mode: fn({
      summary: 'Return a file mode as text of at least four digits.',
      args: { mode: v.optional(Value) },
      examples: ["salt '*' config.manage_mode 644"],
      reads: true,
      run(_context, { mode }) {
        if (mode === undefined) return null;
        const digits = pyStr(mode)
          .replace('0o', '0')
          .replace(/^["']+|["']+$/g, '');
        return digits.replace(/^0+/, '').padStart(4, '0');
      },
    }),
    valid_fileproto: fn({
      summary: 'Return whether a URI names a protocol by which files can be fetched.',
      args: { uri: Text },
      examples: ["salt '*' config.valid_fileproto salt://path/to/file"],
      reads: true,
      run: (_context, { uri }) => /^(?:salt|https?|ftp):\/\//.test(uri),
    }),
    gather_bootstrap_script: fn({
      summary: 'Fail: there is no salt-cloud, which has that script.',
      args: { bootstrap: v.optional(Text) },
      returns: 'what Salt does without it: ``False`` and a sentence.',
      examples: ["salt '*' config.gather_bootstrap_script"],
      reads: true,
      run: () => [false, 'config.gather_bootstrap_script is unavailable'],
    }),
    backup_mode: fn({
      summary: 'Return the backup mode that is passed, or else the configured one.',
      args: { backup: v.optional(Text, '') },
      examples: ["salt '*' config.backup_mode"],
      reads: true,
      run: (context, { backup }) => (backup === '' ? (context.config.backup_mode ?? '') : backup),
    }),
  },
});

function masterConfig(context: MinionContext): Data {
  return isDict(context.pillar.master) ? context.pillar.master : {};
}

/** Where an option can be, most important first. */
function sources(context: MinionContext, omitted: Omitted): Data[] {
  return [
    ...(omitted.omit_opts ? [] : [context.config]),
    ...(omitted.omit_grains ? [] : [context.grains.all()]),
    ...(omitted.omit_pillar ? [] : [context.pillar]),
    ...(omitted.omit_master ? [] : [masterConfig(context)]),
    defaults,
  ];
}

/** `config.merge` has another order, and knows neither grains nor defaults. */
function mergedSources(context: MinionContext, omitted: Omit<Omitted, 'omit_grains'>): Data[] {
  return [
    ...(omitted.omit_opts ? [] : [context.config]),
    ...(omitted.omit_master ? [] : [masterConfig(context)]),
    ...(omitted.omit_pillar ? [] : [context.pillar]),
  ];
}

function mergeAll(places: readonly Data[], strategy: 'recurse' | 'overwrite'): Data {
  const leastFirst = places.toReversed();
  return strategy === 'recurse' ? leastFirst.reduce(deepMerge, {}) : Object.assign({}, ...leastFirst);
}

/** What does not fit together is left out: the more important value stands. */
function mergePair(more: unknown, less: unknown): unknown {
  if (isDict(more) && isDict(less)) return { ...less, ...more };
  if (Array.isArray(more) && Array.isArray(less)) return [...more, ...less];
  return more;
}

function pick(data: Data, wanted: (name: string) => boolean): Data {
  return Object.fromEntries(Object.entries(data).filter(([name]) => wanted(name)));
}
