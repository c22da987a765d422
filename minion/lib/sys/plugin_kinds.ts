import * as v from 'valibot';
import type { Argspec } from '../../../shared/plugin/argspec.ts';
import { type Documented, docstring } from '../../../shared/plugin/documentation.ts';
import type { AnyReturner } from '../../../shared/plugin/returner.ts';
import { allFunctions } from '../all_functions.ts';
import { type PluginKind, type ToldFunction, toldFunction } from './plugin_functions.ts';

export const executionModules: PluginKind = {
  what: 'execution modules',
  names: { doc: 'doc', argspec: 'argspec', modules: 'list_modules', functions: 'list_functions' },
  example: ['network', 'ping'],
  async list({ catalogue }) {
    const functions = await allFunctions(catalogue);
    return new Map([...functions].map(([name, spec]) => [name, toldFunction(name, spec)]));
  },
};

export const stateModules: PluginKind = {
  what: 'state modules',
  description: 'There are none yet: what it returns is empty.',
  names: {
    doc: 'state_doc',
    argspec: 'state_argspec',
    modules: 'list_state_modules',
    functions: 'list_state_functions',
  },
  example: ['service', 'running'],
  list: async () => new Map(),
};

export const runners: PluginKind = {
  what: 'runners',
  description: 'They run on the master, which is of the version of this minion or of another.',
  names: {
    doc: 'runner_doc',
    argspec: 'runner_argspec',
    modules: 'list_runners',
    functions: 'list_runner_functions',
  },
  example: ['cache', 'grains'],
  async list() {
    const { default: functions } = await import('../../../shared/plugin/runner_functions.json', {
      with: { type: 'json' },
    });
    return new Map(
      Object.entries(functions as Readonly<Record<string, Argspec & { readonly doc: string }>>).map(
        ([name, { doc, ...argspec }]) => [name, { doc: () => doc, argspec: () => argspec }],
      ),
    );
  },
};

/** Of each returner the one function by which Salt calls it. */
export const returners: PluginKind = {
  what: 'returners',
  names: {
    doc: 'returner_doc',
    argspec: 'returner_argspec',
    modules: 'list_returners',
    functions: 'list_returner_functions',
  },
  example: ['postgres', 'returner'],
  async list({ returners: folder }) {
    const functions = await Promise.all(
      folder.names.map(
        async (name) => [`${name}.returner`, tellReturner(name, (await folder.load(name)) as AnyReturner)] as const,
      ),
    );
    return new Map(functions);
  },
};

function tellReturner(name: string, returner: AnyReturner): ToldFunction {
  return {
    doc: () => docstring(name, describeReturner(name, returner)),
    argspec: () => ({ args: ['ret'], defaults: null, varargs: null, kwargs: null }),
  };
}

function describeReturner(name: string, { summary, config }: AnyReturner): Documented {
  const settings = Object.entries(config).map(([key, schema]) => `${key}\n    ${v.getDescription(schema) ?? ''}`);
  const description = `Settings under \`\`returners: ${name}:\`\`\n\n${settings.join('\n\n')}`;
  return { summary, description, examples: [`salt '*' test.ping --return ${name}`] };
}
