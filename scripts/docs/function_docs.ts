import type * as v from 'valibot';
import type { AnyFunction, ModuleSpec } from '../../shared/plugin/function.ts';
import { defaultOf, isRequired } from '../../shared/plugin/function.ts';
import { pyRepr } from '../../shared/python_text.ts';
import { block, code, fromRst, page, table } from './markdown.ts';
import { describeSchema } from './schema_text.ts';

type AnyModule = Pick<ModuleSpec<never>, 'summary' | 'functions'>;

/** The page of one module: what `sys.doc` says, with the arguments as a table. */
export function moduleReference(name: string, module: AnyModule): string {
  return page(`# ${name}`, fromRst(module.summary), ...functionSections(name, module, '##'));
}

/** One page of several modules, for the few runners and wheels. */
export function modulesReference(
  title: string,
  intro: string,
  modules: readonly (readonly [string, AnyModule])[],
): string {
  return page(
    `# ${title}`,
    intro,
    ...modules.flatMap(([name, module]) => [
      `## ${name}`,
      fromRst(module.summary),
      ...functionSections(name, module, '###'),
    ]),
  );
}

function functionSections(name: string, module: AnyModule, mark: string): string[] {
  return Object.keys(module.functions)
    .sort()
    .map((fun) => functionSection(`${name}.${fun}`, module.functions[fun] as AnyFunction<never>, mark));
}

function functionSection(name: string, spec: AnyFunction<never>, mark: string): string {
  const args = Object.entries(spec.args);
  return page(
    `${mark} ${name}`,
    block('', signature(name, spec)),
    fromRst(spec.summary),
    ...(spec.description === undefined ? [] : [fromRst(spec.description.trim())]),
    ...(args.length === 0 ? [] : [table(['argument', 'value', 'default'], args.map(argumentRow))]),
    ...(spec.returns === undefined ? [] : [`Returns ${fromRst(spec.returns)}`]),
    ...(spec.examples.length === 0 ? [] : [block('sh', spec.examples.join('\n'))]),
  );
}

/** As Python writes it: `cmd.run(cmd, cwd=None, *args, **kwargs)`. */
function signature(name: string, spec: AnyFunction<never>): string {
  const args = Object.entries(spec.args).map(([key, schema]) =>
    isRequired(schema) ? key : `${key}=${pyRepr(defaultOf(schema) ?? null)}`,
  );
  return `${name}(${[...args, ...(spec.varargs ? ['*args'] : []), ...(spec.varkw ? ['**kwargs'] : [])].join(', ')})`;
}

function argumentRow([key, schema]: readonly [string, v.GenericSchema]): string[] {
  const fallback = isRequired(schema) ? 'needed' : code(pyRepr(defaultOf(schema) ?? null));
  return [code(key), describeSchema(schema), fallback];
}
