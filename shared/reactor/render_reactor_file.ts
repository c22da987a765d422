import { randomBytes } from 'node:crypto';
import type { Limits } from '../render/jinja/limits.ts';
import { renderSlsAsync } from '../render/render_sls.ts';
import { createSaltEnvironment } from '../render/salt/salt_environment.ts';
import type { FunctionSource } from '../render/salt/salt_functions.ts';
import { createSaltLoader, type ReadFile } from '../render/salt/salt_loader.ts';
import { fromJs, toJs } from '../render/values/border.ts';

/** What a reactor file sees of its event. */
export interface SeenEvent {
  readonly tag: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ReactorRendererOptions {
  /** `salt` in a template. */
  readonly functions: FunctionSource;
  /** `opts` in a template: the configuration. */
  readonly opts: Readonly<Record<string, unknown>>;
  /** For `import` and `include` of templates, below the file roots. */
  readonly readFile: ReadFile;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Renders the text of a reactor file for an event. Throws RenderError. */
export type RenderReactorFile = (path: string, text: string, event: SeenEvent) => Promise<unknown>;

/** A reactor file decides and calls; what takes longer belongs into an orchestration (RCT-8). */
const LIMITS: Limits = { outputLength: 2 * 2 ** 20, depth: 100, iterations: 100_000, timeMs: 5000 };

/** Reactor files see `data`, `tag`, `salt` and `opts`, and nothing else (RCT-2). */
export function createReactorRenderer({ functions, opts, readFile, nowMs }: ReactorRendererOptions): RenderReactorFile {
  const environment = createSaltEnvironment(
    { functions, machine: {}, randomBytes: (count) => randomBytes(count), now: nowMs },
    { loader: createSaltLoader(readFile), limits: LIMITS },
  );
  return async (path, text, { tag, data }) => {
    const variables = () =>
      new Map([
        ['data', fromJs(data)],
        ['tag', tag],
        ['opts', fromJs(opts)],
      ]);
    return toJs(await renderSlsAsync(environment, { path, text }, variables));
  };
}
