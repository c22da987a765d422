import { Activation } from './activation.ts';
import { TemplateReference } from './block_reference.ts';
import { compileExpression } from './compile_expression.ts';
import { compileEnter, type Frame, failAt, type Unit } from './compile_frame.ts';
import { compileBlock } from './compile_inheritance.ts';
import { compileBody } from './compile_statement.ts';
import type { Filter, Test } from './filter_scope.ts';
import { guarded } from './guard.ts';
import type { BlockNode, Statement } from './nodes.ts';
import { analyse, Symbols } from './symbols.ts';
import type { CompiledBlock, RenderFunction, Template } from './template.ts';
import type { TemplateSource } from './template_error.ts';
import { findAll, findUndeclared } from './walk.ts';

/** What the compiler needs to know of an environment. */
export interface CompileOptions {
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
}

/** Compiles a parsed template. */
export function compileTemplate(
  source: TemplateSource,
  statements: readonly Statement[],
  options: CompileOptions,
): Template {
  const unit: Unit = {
    source,
    filters: options.filters,
    tests: options.tests,
    expression: compileExpression,
    body: compileBody,
    extendsForSure: false,
    extendsSoFar: 0,
  };
  const symbols = new Symbols({ parent: undefined, slotCount: 0 });
  const hasExtends = !findAll(statements, 'Extends').next().done;
  const frame: Frame = {
    unit,
    symbols,
    toplevel: true,
    rootlevel: true,
    soft: false,
    inLoop: false,
    captured: false,
    checksOutput: hasExtends,
    autoescape: false,
  };
  const nodes = collectBlocks(frame, statements);
  const render = compileRoot(frame, statements);
  const blocks = new Map<string, CompiledBlock>();
  for (const [name, node] of nodes) blocks.set(name, compileBlock(unit, node));
  return { source, blocks, render };
}

function collectBlocks(frame: Frame, statements: readonly Statement[]): Map<string, BlockNode> {
  const blocks = new Map<string, BlockNode>();
  for (const block of findAll(statements, 'Block')) {
    if (blocks.has(block.name)) failAt(frame, block.at, `block '${block.name}' defined twice`);
    blocks.set(block.name, block);
  }
  return blocks;
}

function compileRoot(frame: Frame, statements: readonly Statement[]): RenderFunction {
  const { unit, symbols } = frame;
  const self = findUndeclared(statements, ['self']).has('self') ? symbols.declareParameter('self') : undefined;
  analyse(symbols, statements);
  const enter = compileEnter(symbols);
  const body = compileBody(frame, statements);
  const { source } = unit;
  return (state, context) =>
    guarded(state, source, () => {
      const activation = new Activation(symbols.shape.slotCount, context, state);
      if (self !== undefined) activation.slots[self.index] = new TemplateReference(context, state);
      enter(activation);
      body(activation);
      activation.inheritance.template?.render(state, context);
    });
}
