import type { RenderState } from './render_state.ts';
import { locate, type TemplateSource } from './template_error.ts';

/** Runs one function of a template: its errors get their place, its depth and time are counted. */
export function guarded<T>(state: RenderState, source: TemplateSource, run: () => T): T {
  const caller = state.at;
  try {
    state.budget.enter(state.out);
    const result = run();
    state.at = caller;
    return result;
  } catch (error) {
    const located = locate(error, source, state.at);
    state.at = caller;
    throw located;
  } finally {
    state.budget.leave();
  }
}
