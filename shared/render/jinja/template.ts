import type { Context } from './context.ts';
import type { RenderState } from './render_state.ts';
import type { TemplateSource } from './template_error.ts';

/** Prints a template or a block into the render's output. */
export type RenderFunction = (state: RenderState, context: Context) => void;

/** A block of a template, compiled. */
export interface CompiledBlock {
  readonly name: string;
  readonly render: RenderFunction;
}

/** A compiled template; it holds no state and is shared by all renders. */
export interface Template {
  readonly source: TemplateSource;
  readonly blocks: ReadonlyMap<string, CompiledBlock>;
  readonly render: RenderFunction;
}
