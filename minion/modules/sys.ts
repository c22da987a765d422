import * as v from 'valibot';
import { Text } from '../../shared/plugin/args.ts';
import { type Documented, docstring, selectNames } from '../../shared/plugin/documentation.ts';
import { defaultOf, isRequired } from '../../shared/plugin/function.ts';
import { loadFolder, type PluginFolder, programFolder } from '../../shared/plugin/load_folder.ts';
import type { AnyReturner } from '../../shared/plugin/returner.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineModule, fn, type MinionFunction } from '../context.ts';
import { allFunctions, usableModules } from '../lib/all_functions.ts';

export default defineModule({
  summary: 'Tell which functions this minion has and how they are called.',
  functions: {
    doc: fn({
      summary: 'Return the docstrings of all functions, or of the modules, functions and globs that are named.',
      args: {},
      varargs: true,
      examples: [
        "salt '*' sys.doc",
        "salt '*' sys.doc sys",
        "salt '*' sys.doc sys.doc",
        "salt '*' sys.doc 'network.*'",
      ],
      reads: true,
      async run(context, _args, { args }) {
        const functions = await allFunctions(context.catalogue);
        const names = selectNames([...functions.keys()], args);
        return Object.fromEntries(names.map((name) => [name, docstring(name, functions.get(name) as MinionFunction)]));
      },
    }),
    argspec: fn({
      summary: 'Return the argument specification of all functions, or of a module, a function or a glob.',
      args: { module: v.optional(Text, '') },
      examples: ["salt '*' sys.argspec pkg.install", "salt '*' sys.argspec sys", "salt '*' sys.argspec 'test.*'"],
      reads: true,
      async run(context, { module }) {
        const functions = await allFunctions(context.catalogue);
        const names = selectNames([...functions.keys()], module === '' ? [] : [module]);
        return Object.fromEntries(names.map((name) => [name, argspec(functions.get(name) as MinionFunction)]));
      },
    }),
    list_functions: fn({
      summary: 'List all functions, or those of the modules and globs that are named.',
      args: {},
      varargs: true,
      examples: [
        "salt '*' sys.list_functions",
        "salt '*' sys.list_functions sys",
        "salt '*' sys.list_functions 'sys.list_*'",
      ],
      reads: true,
      run: async (context, _args, { args }) => selectNames([...(await allFunctions(context.catalogue)).keys()], args),
    }),
    list_modules: fn({
      summary: 'List the modules that can be used here, or those that the globs match.',
      args: {},
      varargs: true,
      examples: ["salt '*' sys.list_modules", "salt '*' sys.list_modules 's*'"],
      reads: true,
      async run(context, _args, { args }) {
        return chosenNames([...(await usableModules(context.catalogue)).keys()], args);
      },
    }),
    unavailable_modules: fn({
      summary: 'List the modules that cannot be used here, each with the reason.',
      description:
        "Salt has no such function: a module's dependencies, a guard of the minion, or what is broken in it.",
      args: {},
      examples: ["salt '*' sys.unavailable_modules"],
      reads: true,
      async run({ catalogue }) {
        const reasons: Record<string, unknown> = {};
        for (const name of catalogue.moduleNames) {
          const found = await catalogue.find(name);
          if (found !== undefined && !('functions' in found)) reasons[name] = found.unavailable;
        }
        return reasons;
      },
    }),
    unavailable_grains: fn({
      summary: 'List the files of custom grains that cannot be used, each with the reason.',
      description: 'Salt has no such function. What is listed was so when the grains were last collected.',
      args: {},
      examples: ["salt '*' sys.unavailable_grains"],
      reads: true,
      run: ({ grains }) => grains.broken(),
    }),
    list_returners: fn({
      summary: 'List the returners that jobs can be stored with, or those that the globs match.',
      args: {},
      varargs: true,
      examples: ["salt '*' sys.list_returners", "salt '*' sys.list_returners 'p*'"],
      reads: true,
      run: (_context, _args, { args }) => chosenNames(returners().names, args),
    }),
    returner_doc: fn({
      summary: 'Return what is to be known of all returners, or of those that are named: what they do, their settings.',
      args: {},
      varargs: true,
      examples: ["salt '*' sys.returner_doc", "salt '*' sys.returner_doc postgres"],
      reads: true,
      async run(_context, _args, { args }) {
        const folder = returners();
        const docs: Record<string, string> = {};
        for (const name of chosenNames(folder.names, args)) {
          const spec = await folder.load(name);
          if (spec !== undefined) docs[name] = docstring(name, describeReturner(name, spec));
        }
        return docs;
      },
    }),
    reload_modules: fn({
      summary: 'Tell the minion to look at its execution modules anew.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' sys.reload_modules"],
      run: (context) => context.call('saltutil.refresh_modules'),
    }),
  },
});

function chosenNames(names: readonly string[], patterns: readonly unknown[]): readonly string[] {
  const globs = patterns.map((pattern) => globMatcher(String(pattern)));
  return globs.length === 0 ? names : names.filter((name) => globs.some((matches) => matches(name)));
}

function returners(): PluginFolder<AnyReturner> {
  return loadFolder<AnyReturner>(programFolder('shared/returners'));
}

function describeReturner(name: string, { summary, config }: AnyReturner): Documented {
  const settings = Object.entries(config).map(([key, schema]) => `${key}\n    ${v.getDescription(schema) ?? ''}`);
  const description = `Settings under \`\`returners: ${name}:\`\`\n\n${settings.join('\n\n')}`;
  return { summary, description, examples: [`salt '*' test.ping --return ${name}`] };
}

/** Salt's shape: the defaults belong to the last arguments, and what there is none of is None. */
function argspec(spec: MinionFunction): Readonly<Record<string, unknown>> {
  const schemas = Object.values(spec.args);
  const defaults = schemas.filter((schema) => !isRequired(schema)).map((schema) => defaultOf(schema) ?? null);
  return {
    args: schemas.length === 0 ? null : Object.keys(spec.args),
    defaults: defaults.length === 0 ? null : defaults,
    varargs: spec.varargs ?? null,
    kwargs: spec.varkw ?? null,
  };
}
