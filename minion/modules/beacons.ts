import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { unifiedDiff } from '../../shared/data/text_diff.ts';
import { systemErrorCode } from '../../shared/errors.ts';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import { Count, Flag, Text, Value } from '../../shared/plugin/args.ts';
import { isDict, pyStr } from '../../shared/python_text.ts';
import { fromJs } from '../../shared/render/values/border.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { type BeaconRequest, defineModule, fn, type MinionContext } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { moduleOf } from '../lib/beacon/beacon_settings.ts';

type Dict = Readonly<Record<string, unknown>>;
interface Result {
  readonly result: boolean;
  readonly comment: string;
  readonly changes?: Dict;
}

/** Salt's `**kwargs`: `test` and `timeout`, seconds. */
const options = { test: v.optional(Flag, false), timeout: v.optional(Count, 60) };
type Options = { readonly test: boolean; readonly timeout: number };

const listing = { return_yaml: v.optional(Flag, true) };

export default defineModule({
  summary: 'See and change what the running minion watches: its beacons.',
  functions: {
    list: fn({
      summary: 'Return the beacons that are configured on the running minion.',
      description: 'One that does not work has an item ``problem`` that says why.',
      args: {
        ...listing,
        include_pillar: v.optional(Flag, true),
        include_opts: v.optional(Flag, true),
        timeout: options.timeout,
      },
      returns: 'YAML text, or a mapping with return_yaml=False.',
      examples: ["salt '*' beacons.list", "salt '*' beacons.list return_yaml=False"],
      reads: true,
      async run(context, { return_yaml: asYaml, include_opts: includeOpts, timeout }) {
        const { beacons = {}, problems = {} } = await context.beacons.manage({ func: 'list' }, timeout);
        const shown = includeOpts ? withProblems(beacons, problems) : {};
        return listed(shown, asYaml);
      },
    }),
    list_available: fn({
      summary: 'Return the names of the beacons that can be used on this minion.',
      args: { ...listing, timeout: options.timeout },
      returns: 'YAML text, or a list with return_yaml=False.',
      examples: ["salt '*' beacons.list_available"],
      reads: true,
      async run(context, { return_yaml: asYaml, timeout }) {
        const { available = [] } = await context.beacons.manage({ func: 'list_available' }, timeout);
        return listed(available, asYaml);
      },
    }),
    add: fn({
      summary: 'Add a beacon to the running minion.',
      description: 'It starts at once. ``beacons.save`` keeps it beyond a restart.',
      args: { name: Text, beacon_data: Value, ...options },
      returns: 'result and comment.',
      examples: ["salt '*' beacons.add ps \"[{'processes': {'salt-master': 'stopped', 'apache2': 'stopped'}}]\""],
      run: (context, { name, beacon_data, ...rest }) => add(context, name, beacon_data, rest),
    }),
    modify: fn({
      summary: 'Change a beacon of the running minion.',
      args: { name: Text, beacon_data: Value, ...options },
      returns: 'result, comment and changes.',
      examples: ["salt '*' beacons.modify ps \"[{'processes': {'salt-master': 'stopped'}}]\""],
      run: (context, { name, beacon_data, ...rest }) => modify(context, name, beacon_data, rest),
    }),
    delete: fn({
      summary: 'Delete a beacon of the running minion.',
      args: { name: Text, ...options },
      returns: 'result and comment.',
      examples: ["salt '*' beacons.delete ps"],
      async run(context, { name, test, timeout }): Promise<Result> {
        if (test) return { result: true, comment: `Beacon: ${name} would be deleted.` };
        await context.beacons.manage({ func: 'delete', name }, timeout);
        return { result: true, comment: `Deleted beacon: ${name}.` };
      },
    }),
    save: fn({
      summary: 'Write the beacons of the running minion to ``beacons.conf``, so that they are there after a restart.',
      args: { timeout: options.timeout },
      returns: 'result and comment.',
      examples: ["salt '*' beacons.save"],
      run: (context, { timeout }) => save(context, timeout),
    }),
    enable: switchFn('enable', 'Enable all beacons of the running minion.'),
    disable: switchFn('disable', 'Disable all beacons of the running minion.'),
    enable_beacon: switchOneFn('enable_beacon', 'Enable a beacon of the running minion.'),
    disable_beacon: switchOneFn('disable_beacon', 'Disable a beacon of the running minion.'),
    reset: fn({
      summary: 'Forget all beacons of the running minion.',
      args: options,
      returns: 'result and comment.',
      examples: ["salt '*' beacons.reset"],
      async run(context, { test, timeout }): Promise<Result> {
        if (test) return { result: true, comment: 'Beacons would be reset.' };
        await context.beacons.manage({ func: 'reset' }, timeout);
        return { result: true, comment: 'Beacon configuration reset.' };
      },
    }),
  },
});

function switchFn(func: 'enable' | 'disable', summary: string) {
  const word = func === 'enable' ? 'enabled' : 'disabled';
  return fn({
    summary,
    args: options,
    returns: 'result and comment.',
    examples: [`salt '*' beacons.${func}`],
    async run(context, { test, timeout }): Promise<Result> {
      if (test) return { result: true, comment: `Beacons would be ${word}.` };
      await context.beacons.manage({ func }, timeout);
      return { result: true, comment: `${word === 'enabled' ? 'Enabled' : 'Disabled'} beacons on minion.` };
    },
  });
}

function switchOneFn(func: 'enable_beacon' | 'disable_beacon', summary: string) {
  const word = func === 'enable_beacon' ? 'enabled' : 'disabled';
  return fn({
    summary,
    args: { name: Text, ...options },
    returns: 'result and comment.',
    examples: [`salt '*' beacons.${func} ps`],
    async run(context, { name, test, timeout }): Promise<Result> {
      if (name === '') return { result: false, comment: 'Beacon name is required.' };
      if (test) return { result: true, comment: `Beacon ${name} would be ${word}.` };
      if (!Object.hasOwn(await configured(context, timeout), name)) {
        return { result: false, comment: `Beacon ${name} is not currently configured.` };
      }
      await context.beacons.manage({ func, name }, timeout);
      return { result: true, comment: `${word === 'enabled' ? 'Enabled' : 'Disabled'} beacon ${name} on minion.` };
    },
  });
}

/** As Salt: YAML text, or the value; `{beacons: {}}` when there is none. */
function listed(beacons: Dict | readonly string[], asYaml: boolean): unknown {
  if (Object.keys(beacons).length === 0) return { beacons: {} };
  return asYaml ? dumpYaml(fromJs({ beacons })) : beacons;
}

function withProblems(beacons: Dict, problems: Readonly<Record<string, string>>): Dict {
  const entries = Object.entries(beacons).map(([name, value]): [string, unknown] => {
    const problem = problems[name];
    if (problem === undefined) return [name, value];
    return [name, isDict(value) ? { ...value, problem } : [...(Array.isArray(value) ? value : []), { problem }]];
  });
  return Object.fromEntries(entries);
}

async function configured(context: MinionContext, timeout: number): Promise<Dict> {
  return (await context.beacons.manage({ func: 'list' }, timeout)).beacons ?? {};
}

async function add(context: MinionContext, name: string, data: unknown, { test, timeout }: Options): Promise<Result> {
  const module = moduleOf(name, data);
  if (Object.hasOwn(await configured(context, timeout), name)) {
    return { result: false, comment: `Beacon ${name} is already configured.` };
  }
  const { available = [] } = await context.beacons.manage({ func: 'list_available' }, timeout);
  if (!available.includes(module)) return { result: false, comment: `Beacon "${module}" is not available.` };
  if (test) return { result: true, comment: `Beacon: ${name} would be added.` };
  const request = { name, beacon_data: data };
  const invalid = await problemOf(context, request, timeout);
  if (invalid !== undefined) {
    return { result: false, comment: `Beacon ${name} configuration invalid, not adding.\n${invalid}` };
  }
  await context.beacons.manage({ func: 'add', ...request }, timeout);
  return { result: true, comment: `Added beacon: ${name}.` };
}

async function modify(
  context: MinionContext,
  name: string,
  data: unknown,
  { test, timeout }: Options,
): Promise<Result> {
  const before = await configured(context, timeout);
  if (!Object.hasOwn(before, name)) return { result: true, comment: `Beacon ${name} is not configured.` };
  if (test) return { result: true, comment: `Beacon: ${name} would be modified.` };
  const request = { name, beacon_data: data };
  const invalid = await problemOf(context, request, timeout);
  if (invalid !== undefined) {
    return { result: false, comment: `Beacon ${name} configuration invalid, not modifying.\n${invalid}` };
  }
  const [from, to] = [linesOf(before[name]), linesOf(data)];
  if (from === to) return { result: true, comment: `Job ${name} in correct state` };
  await context.beacons.manage({ func: 'modify', ...request }, timeout);
  return { result: true, comment: `Modified beacon: ${name}.`, changes: { diff: unifiedDiff(from, to) } };
}

async function problemOf(
  context: MinionContext,
  request: Omit<BeaconRequest, 'func'>,
  timeout: number,
): Promise<string | undefined> {
  const { valid, vcomment = '' } = await context.beacons.manage({ func: 'validate_beacon', ...request }, timeout);
  return valid === true ? undefined : vcomment;
}

/** One line for each key, as Salt compares them. */
function linesOf(data: unknown): string {
  const items = Array.isArray(data) ? data : [data];
  return items
    .flatMap((item) => Object.entries(isDict(item) ? item : {}))
    .map(([key, value]) => `${key}:${pyStr(value)}\n`)
    .join('');
}

async function save(context: MinionContext, timeout: number): Promise<Result> {
  const { config_dir: dir, default_include: include } = context.config as Readonly<Record<string, string>>;
  const file = join(dir ?? '', dirname(include ?? ''), 'beacons.conf');
  const beacons = await configured(context, timeout);
  try {
    const text = Object.keys(beacons).length === 0 ? '' : dumpYaml(fromJs({ beacons }));
    await makeWithParents(dirname(file));
    await writeFileAtomically(file, text, { mode: 0o640 });
    return { result: true, comment: `Beacons saved to ${file}.` };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return { result: false, comment: `Unable to write to beacons file at ${file}. Check permissions.` };
  }
}
