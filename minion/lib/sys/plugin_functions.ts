import * as v from 'valibot';
import { Text } from '../../../shared/plugin/args.ts';
import { type Argspec, argspecOf } from '../../../shared/plugin/argspec.ts';
import { docstring, selectNames } from '../../../shared/plugin/documentation.ts';
import { globMatcher } from '../../../shared/target/glob.ts';
import { fn, type MinionContext, type MinionFunction } from '../../context.ts';

/** What can be told of one function. */
export interface ToldFunction {
  doc(): string;
  argspec(): Argspec;
}

/** A kind of plugins of which `sys` tells, and Salt's names of the functions that do it. */
export interface PluginKind {
  /** In the plural. */
  readonly what: string;
  readonly description?: string;
  readonly names: Readonly<Record<'doc' | 'argspec' | 'modules' | 'functions', string>>;
  /** One of them, and a function that it has. */
  readonly example: readonly [module: string, fun: string];
  /** All functions that there are, by whole name, in order of names. */
  list(context: MinionContext): Promise<ReadonlyMap<string, ToldFunction>>;
}

/** The four functions that tell of one kind of plugins. */
export function pluginFunctions(kind: PluginKind): Readonly<Record<string, MinionFunction>> {
  const { what, names, list } = kind;
  const [module, fun] = kind.example;
  const examples = (name: string, ...calls: readonly string[]) =>
    ['', ...calls].map((call) => `salt '*' sys.${name} ${call}`.trim());
  const common = { ...(kind.description !== undefined && { description: kind.description }), reads: true } as const;
  return {
    [names.doc]: fn({
      ...common,
      summary: `Return the docstrings of all ${what}, or of the modules, functions and globs that are named.`,
      args: {},
      varargs: true,
      examples: examples(names.doc, module, `${module}.${fun}`, `'${module}.*'`),
      run: async (context, _args, { args }) => select(await list(context), args, (told) => told.doc()),
    }),
    [names.argspec]: fn({
      ...common,
      summary: `Return how the functions of all ${what} are called, or those of a module, a function or a glob.`,
      args: { module: v.optional(Text, '') },
      examples: examples(names.argspec, module, `${module}.${fun}`, `'${module}.*'`),
      run: async (context, args) =>
        select(await list(context), args.module === '' ? [] : [args.module], (told) => told.argspec()),
    }),
    [names.functions]: fn({
      ...common,
      summary: `List the functions of all ${what}, or those of the modules and globs that are named.`,
      args: {},
      varargs: true,
      examples: examples(names.functions, module, `'${module}.*'`),
      run: async (context, _args, { args }) => selectNames([...(await list(context)).keys()], args),
    }),
    [names.modules]: fn({
      ...common,
      summary: `List the ${what}, or those that are named or matched by a glob.`,
      args: {},
      varargs: true,
      examples: examples(names.modules, `'${module.charAt(0)}*'`),
      run: async (context, _args, { args }) => modulesOf([...(await list(context)).keys()], args),
    }),
  };
}

export function toldFunction(name: string, spec: MinionFunction): ToldFunction {
  return { doc: () => docstring(name, spec), argspec: () => argspecOf(spec) };
}

function select(
  functions: ReadonlyMap<string, ToldFunction>,
  patterns: readonly unknown[],
  told: (told: ToldFunction) => unknown,
): Readonly<Record<string, unknown>> {
  const names = selectNames([...functions.keys()], patterns);
  return Object.fromEntries(names.map((name) => [name, told(functions.get(name) as ToldFunction)]));
}

/** Globs are of the modules' names, not of those of their functions. */
function modulesOf(functions: readonly string[], globs: readonly unknown[]): readonly string[] {
  const modules = [...new Set(functions.map((name) => name.slice(0, name.indexOf('.'))))];
  const matchers = globs.map((glob) => globMatcher(String(glob)));
  return matchers.length === 0 ? modules : modules.filter((name) => matchers.some((matches) => matches(name)));
}
