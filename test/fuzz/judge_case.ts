import { FleetError } from '../../shared/errors.ts';
import type { Environment } from '../../shared/render/jinja/environment.ts';
import { jsonText } from '../../shared/render/jinja/json_text.ts';
import { loadJson } from '../../shared/render/json/load_json.ts';
import { RenderError } from '../../shared/render/render_error.ts';
import { renderSls } from '../../shared/render/render_sls.ts';
import { createSaltEnvironment } from '../../shared/render/salt/salt_environment.ts';
import { createSaltLoader } from '../../shared/render/salt/salt_loader.ts';
import { fromJs, toJs } from '../../shared/render/values/border.ts';
import { pyEquals } from '../../shared/render/values/equality.ts';
import { PyError } from '../../shared/render/values/py_error.ts';
import type { Value } from '../../shared/render/values/py_object.ts';
import { pyRepr } from '../../shared/render/values/text.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { loadYaml } from '../../shared/render/yaml/load_yaml.ts';
import { loadYamlex } from '../../shared/render/yaml/load_yamlex.ts';
import { YamlError } from '../../shared/render/yaml/yaml_error.ts';
import { saltStandIns } from '../support/salt_stand_ins.ts';
import type { FuzzCase } from './fuzz_grammar.ts';
import { wireJudges } from './judge_wire.ts';

/** How a case ended: as it should (with a value or an error of ours), or with something to mend. */
export type Verdict =
  | { readonly outcome: 'value' | 'error' }
  | { readonly outcome: 'crash' | 'escape' | 'unequal'; readonly what: string };

/** Milliseconds a template may take; whatever checks no clock must be through in about that time all the same. */
const TIME_MS = 1000;

/** What JavaScript shows when one of its own things is printed. */
const HOST_TEXT = /\[native code\]|\[object \w+\]|=> |\bfunction \w*\(|class extends/;

const files: Readonly<Record<string, string>> = {
  'lib.jinja':
    '{% macro m(a, b=1) %}{{ a }}{{ b }}{% if caller %}{{ caller(a) }}{% endif %}{% endmacro %}{% block a %}{% endblock %}',
  'data.yaml': 'a: [1, {b: c}]\n',
};

const grains = { id: 'm1', os: 'Debian', list: [1, 'two', 3.5, null], nested: { a: { b: [1] } } };

/** Watches whether a name is ever looked up in a host object that no template should reach. */
export class HostWatch {
  #touched = 0;

  constructor() {
    const get = (): string => {
      this.#touched += 1;
      return 'the host';
    };
    for (const target of [Object.prototype, Function.prototype]) {
      Object.defineProperty(target, 'escaped', { get, configurable: true, enumerable: false });
    }
  }

  /** Has it happened since it was asked last? */
  wasTouched(): boolean {
    const touched = this.#touched > 0;
    this.#touched = 0;
    return touched;
  }

  stop(): void {
    for (const target of [Object.prototype, Function.prototype]) Reflect.deleteProperty(target, 'escaped');
  }
}

/** Tries a case and says how it ended. */
export async function judgeCase({ kind, text }: FuzzCase, watch: HostWatch): Promise<Verdict> {
  const run = { template: tryTemplate, yaml: tryYaml, json: tryJson, ...wireJudges }[kind];
  try {
    const unequal = await run(text);
    if (watch.wasTouched()) return { outcome: 'escape', what: 'a name was looked up in an object of the host' };
    return unequal === undefined ? { outcome: 'value' } : { outcome: 'unequal', what: unequal };
  } catch (error) {
    if (watch.wasTouched())
      return { outcome: 'escape', what: `a name was looked up in an object of the host: ${error}` };
    if (error instanceof Escape) return { outcome: 'escape', what: error.message };
    if (
      error instanceof RenderError ||
      error instanceof YamlError ||
      error instanceof PyError ||
      error instanceof FleetError
    )
      return { outcome: 'error' };
    return { outcome: 'crash', what: String((error as Error).stack) };
  }
}

class Escape extends Error {}

function createEnvironment(): Environment {
  const pillar = fromJs({ a: { b: 1 } });
  const functions = saltStandIns(fromJs(grains), pillar);
  return createSaltEnvironment(
    { functions, machine: {}, randomBytes: (count) => new Uint8Array(count), now: () => 0 },
    {
      loader: createSaltLoader((path) => (Object.hasOwn(files, path) ? files[path] : undefined)),
      limits: { timeMs: TIME_MS, iterations: 200_000, outputLength: 2 ** 20 },
    },
  );
}

function tryTemplate(text: string): undefined {
  const variables = new Map<string, Value>([
    ['grains', fromJs(grains)],
    ['pillar', fromJs({ a: { b: 1 } })],
    ['opts', fromJs({ test: false })],
    ['saltenv', 'base'],
    ['x', fromJs([1, 'a', { b: 2.5 }])],
  ]);
  const environment = createEnvironment();
  const output = renderSls(environment, { path: 'web/init.sls', text, pipe: 'jinja' }, variables);
  const found = typeof output === 'string' ? HOST_TEXT.exec(output) : null;
  if (found !== null && !HOST_TEXT.test(text)) throw new Escape(`the output holds '${found[0]}'`);
  return undefined;
}

function tryYaml(text: string): string | undefined {
  for (const load of [() => loadYaml(text), () => loadYaml(text, { ordered: true }), () => loadYamlex(text)]) {
    try {
      pyRepr(load());
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
    }
  }
  const value = loadYaml(text, { rules: 'plain' });
  for (const flow of [true, false, null]) {
    const dumped = dumpYaml(value, { flow });
    if (readsBack(value) && !pyEquals(loadYaml(dumped, { rules: 'plain' }), value))
      return `dumped as ${JSON.stringify(dumped)}`;
  }
  return undefined;
}

/**
 * PyYAML writes some things so that they do not: tuples, sets, keys that are bytes, U+0085 in quotes; nan equals
 * nothing.
 */
function readsBack(value: Value): boolean {
  return !/[\x85\u2028\u2029\ufeff]|\\x85|\\u202|\\ufeff|\bnan\b|\(|b'|b"|^set|\{'[^:]*'\}/.test(pyRepr(value));
}

function tryJson(text: string): string | undefined {
  const value = loadJson(text);
  toJs(value);
  const written = jsonText(value);
  const same = pyRepr(loadJson(written)) === pyRepr(value);
  return same ? undefined : `written as ${written}`;
}
