import * as v from 'valibot';
import { Text } from '../../shared/plugin/args.ts';
import { docstring, selectNames } from '../../shared/plugin/documentation.ts';
import { type RendererName, renderers } from '../../shared/render/render_pipe.ts';
import { defineModule, fn } from '../context.ts';
import { pluginFunctions } from '../lib/sys/plugin_functions.ts';
import { executionModules, returners, runners, stateModules } from '../lib/sys/plugin_kinds.ts';

export default defineModule({
  summary: 'Tell which functions this minion has and how they are called.',
  functions: {
    ...pluginFunctions(executionModules),
    ...pluginFunctions(stateModules),
    ...pluginFunctions(runners),
    ...pluginFunctions(returners),
    state_schema: fn({
      summary: 'Return a JSON schema for each function of state modules.',
      description: 'There are none yet: what it returns is empty.',
      args: { module: v.optional(Text, '') },
      examples: ["salt '*' sys.state_schema", "salt '*' sys.state_schema pkg.installed"],
      reads: true,
      run: () => [],
    }),
    list_renderers: fn({
      summary: 'List the renderers of files of the master, or those that the globs match.',
      args: {},
      varargs: true,
      examples: ["salt '*' sys.list_renderers", "salt '*' sys.list_renderers 'yaml*'"],
      reads: true,
      run: (_context, _args, { args }) => chosenRenderers(args),
    }),
    renderer_doc: fn({
      summary: 'Return what all renderers do, or those that are named or matched by a glob.',
      args: {},
      varargs: true,
      examples: ["salt '*' sys.renderer_doc", "salt '*' sys.renderer_doc jinja json", "salt '*' sys.renderer_doc 'j*'"],
      reads: true,
      run: (_context, _args, { args }) =>
        Object.fromEntries(chosenRenderers(args).map((name) => [name, rendererDoc(name as RendererName)])),
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
    reload_modules: fn({
      summary: 'Tell the minion to look at its execution modules anew.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' sys.reload_modules"],
      run: (context) => context.call('saltutil.refresh_modules'),
    }),
  },
});

function chosenRenderers(patterns: readonly unknown[]): readonly string[] {
  return selectNames(Object.keys(renderers).sort(), patterns);
}

function rendererDoc(name: RendererName): string {
  return docstring(name, { summary: renderers[name], examples: [`#!${name}`] });
}
