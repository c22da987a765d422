import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { pyRepr } from '../values/text.ts';
import type { Activation } from './activation.ts';
import { positionText } from './compile_expression.ts';
import { compileRead, DONE, type Evaluate, type Execute, type Frame } from './compile_frame.ts';
import { Context } from './context.ts';
import type { FromImportNode, ImportNode, IncludeNode } from './nodes.ts';
import { suggest } from './suggest.ts';
import type { Template } from './template.ts';
import { placeNameOf } from './template_error.ts';
import type { TemplateModule } from './template_module.ts';

/** The context a template passes on: everything at its top, and what is assigned where it includes or imports. */
export function compileLocals(frame: Frame): (activation: Activation) => ReadonlyMap<string, Value> {
  const { shape } = frame.symbols;
  const locals = [...frame.symbols.visibleStores()].map(([name, slot]) => ({ name, read: compileRead(shape, slot) }));
  return (activation) => {
    const variables = new Map(activation.context.all());
    for (const { name, read } of locals) {
      const value = read(activation);
      if (value !== undefined) variables.set(name, value);
    }
    return variables;
  };
}

/** Compiles `{% include %}`. */
export function compileInclude(frame: Frame, node: IncludeNode): Execute {
  const name = frame.unit.expression(frame, node.template);
  const locals = compileLocals(frame);
  const from = placeNameOf(frame.unit.source);
  return (activation) => {
    const { state } = activation;
    const value = name(activation);
    state.at = node.at;
    const template = findTemplate(activation, value, from, node.ignoreMissing);
    if (template === undefined) return DONE;
    if (node.withContext) template.render(state, new Context(template, locals(activation)));
    // Jinja hands this text past the blocks that capture what is printed around it.
    else if (frame.captured) state.aside += state.defaultModule(template).str();
    else state.out += state.defaultModule(template).str();
    return DONE;
  };
}

function findTemplate(activation: Activation, name: Value, from: string, ignoreMissing: boolean): Template | undefined {
  try {
    return activation.state.anyTemplate(name, from);
  } catch (error) {
    const isMissing =
      error instanceof PyError && (error.kind === 'TemplateNotFound' || error.kind === 'TemplatesNotFound');
    if (ignoreMissing && isMissing) return undefined;
    throw error;
  }
}

function compileModule(frame: Frame, node: ImportNode | FromImportNode): (activation: Activation) => TemplateModule {
  const name: Evaluate = frame.unit.expression(frame, node.template);
  const locals = compileLocals(frame);
  const from = placeNameOf(frame.unit.source);
  return (activation) => {
    const { state } = activation;
    const value = name(activation);
    state.at = node.at;
    const template = state.template(value, from);
    return node.withContext ? state.module(template, locals(activation)) : state.defaultModule(template);
  };
}

/** Compiles `{% import … as … %}`. */
export function compileImport(frame: Frame, node: ImportNode): Execute {
  const module = compileModule(frame, node);
  const { index } = frame.symbols.slot(node.target);
  return (activation) => {
    const value = module(activation);
    activation.slots[index] = value;
    if (frame.toplevel) {
      activation.context.own.set(node.target, value);
      activation.context.exported.delete(node.target);
    }
    return DONE;
  };
}

/** Compiles `{% from … import … %}`. */
export function compileFromImport(frame: Frame, node: FromImportNode): Execute {
  const module = compileModule(frame, node);
  const position = positionText(frame, node.at);
  const names = node.names.map(({ name, alias }) => ({ name, alias, index: frame.symbols.slot(alias).index }));
  return (activation) => {
    const imported = module(activation);
    for (const { name, alias, index } of names) {
      const hint = `the template ${pyRepr(imported.name)} (imported on ${position}) does not export the requested name ${pyRepr(name)}`;
      const exported = imported.attr(name);
      const suggestion = () => suggest(name, imported.exportedNames());
      const value = exported === undefined ? activation.undefined({ hint, name, suggestion }) : exported;
      activation.slots[index] = value;
      if (frame.toplevel) {
        activation.context.own.set(alias, value);
        activation.context.exported.delete(alias);
      }
    }
    return DONE;
  };
}
