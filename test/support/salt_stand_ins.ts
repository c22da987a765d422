import { jsonText } from '../../shared/render/jinja/json_text.ts';
import { bindArguments } from '../../shared/render/jinja/signature.ts';
import { matchesGlob } from '../../shared/render/salt/glob.ts';
import type { FunctionSource } from '../../shared/render/salt/salt_functions.ts';
import { traverse } from '../../shared/render/salt/traverse.ts';
import { deepCopy, fromJs } from '../../shared/render/values/border.ts';
import { pyContains } from '../../shared/render/values/iteration.ts';
import { PyDict } from '../../shared/render/values/py_dict.ts';
import type { PyCallable } from '../../shared/render/values/py_function.ts';
import type { Value } from '../../shared/render/values/py_object.ts';
import { pyStr } from '../../shared/render/values/text.ts';
import { isTrue } from '../../shared/render/values/truth.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';

/** Stand-ins for the execution functions that test trees call: those of test/render/oracle/salt_oracle.py. */
export function saltStandIns(grains: Value, pillar: Value): FunctionSource {
  const table = new Map<string, PyCallable>([
    fun(
      'grains.filter_by',
      ['choices'],
      { grain: 'os_family', merge: null, default: 'default', base: null },
      (...values) => filterBy(grains, ...values),
    ),
    fun('grains.get', ['key'], { default: '' }, (key, fallback) => traverse(grains, key, ':') ?? fallback),
    fun('pillar.get', ['key'], { default: '', merge: false, delimiter: ':' }, (key, fallback, merge, delimiter) => {
      const value = traverse(pillar, key, pyStr(delimiter));
      if (isTrue(merge) && fallback instanceof PyDict && value instanceof PyDict)
        return update(deepCopy(fallback), value);
      return value ?? fallback;
    }),
    fun('config.get', ['key'], { default: '', merge: null }, (key, fallback) => {
      return traverse(grains, key, ':') ?? traverse(pillar, key, ':') ?? fallback;
    }),
    fun('slsutil.merge', ['a', 'b'], { strategy: 'smart', merge_lists: false }, (a, b, _strategy, lists) =>
      update(deepCopy(a), b, isTrue(lists)),
    ),
    ['defaults.merge', ([a = null, b = null]) => update(deepCopy(a), b)],
    [
      'slsutil.serialize',
      ([format = null, value = null]) =>
        format === 'json'
          ? jsonText(value, { sortKeys: true })
          : dumpYaml(value)
              .trim()
              .replace(/\n\.\.\.$/, ''),
    ],
    fun('file.dirname', ['path'], {}, (path) => pyStr(path).replace(/\/[^/]*$/, '')),
    fun('file.basename', ['path'], {}, (path) => pyStr(path).replace(/^.*\//, '')),
    ['file.join', (args) => args.map(pyStr).join('/')],
    fun('file.file_exists', ['path'], {}, (path) => pyStr(path).startsWith('/etc')),
    fun('cmd.shell', ['command'], {}, (command) => `out of ${pyStr(command)}`),
    fun('cmd.run_all', ['command'], {}, (command) => fromJs({ retcode: 0, stdout: pyStr(command), stderr: '' })),
    ['network.ip_addrs', () => ['10.0.0.5', '192.168.1.5']],
    fun('mine.get', ['target', 'fun'], { tgt_type: 'glob' }, () =>
      fromJs({ web1: ['10.0.0.1'], web2: ['10.0.0.2', '10.0.1.2'] }),
    ),
    ['pkg.version', () => '1.2.3-4'],
    fun('test.echo', ['value'], {}, (value) => value),
    ['log.debug', () => true],
  ]);
  return { find: (name) => table.get(name), names: () => table.keys() };
}

function fun(
  name: string,
  required: readonly string[],
  optional: Readonly<Record<string, Value>>,
  run: (...values: Value[]) => Value,
): [string, PyCallable] {
  return [name, (args, kwargs) => run(...bindArguments({ name, required, optional }, args, kwargs))];
}

function filterBy(grains: Value, ...[choices, grain, merge, fallback, base]: Value[]): Value {
  if (!(choices instanceof PyDict)) throw new TypeError('the choices must be a dict');
  const value = traverse(grains, grain!, ':') ?? [];
  const keys = [...choices.keys()];
  const match = (Array.isArray(value) ? value : [value])
    .map((each) => keys.find((key) => matchesGlob(pyStr(each), pyStr(key))))
    .find((key) => key !== undefined);
  let found = match === undefined ? choices.get(fallback!) : choices.get(match);
  const basis = isTrue(base!) ? choices.get(base!) : undefined;
  if (basis !== undefined) found = found === undefined ? deepCopy(basis) : update(deepCopy(basis), found);
  if (isTrue(merge!)) found = found === undefined || found === null ? merge : update(found, merge!);
  return found ?? null;
}

function update(into: Value, other: Value, lists = false): Value {
  if (!(into instanceof PyDict) || !(other instanceof PyDict)) throw new TypeError('only dicts can be merged');
  for (const [key, value] of other.entries()) {
    const mine = into.get(key);
    if (value instanceof PyDict && mine instanceof PyDict) update(mine, value, lists);
    else if (lists && Array.isArray(value) && Array.isArray(mine)) {
      into.set(key, [...mine, ...value.filter((item) => !pyContains(mine, item))]);
    } else into.set(key, deepCopy(value));
  }
  return into;
}
