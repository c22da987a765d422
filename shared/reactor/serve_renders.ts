import { readFileSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { RenderError } from '../render/render_error.ts';
import type { ReadFile } from '../render/salt/salt_loader.ts';
import { fromJs, toJs } from '../render/values/border.ts';
import type { PyCallable } from '../render/values/py_function.ts';
import { createReactorRenderer, type SeenEvent } from './render_reactor_file.ts';

/** What a render thread is given when it begins. */
export interface RenderThreadData {
  readonly opts: Readonly<Record<string, unknown>>;
  /** Directories by environment, for what templates import; a minion has none. */
  readonly roots: Readonly<Record<string, readonly string[]>>;
  /** Names of the functions that templates may call; they run outside. */
  readonly functions: readonly string[];
}

/** What goes in: files to render, and answers of functions. */
export type ToRenderThread =
  | {
      readonly t: 'render';
      readonly n: number;
      readonly path: string;
      readonly name: string;
      readonly event: SeenEvent;
    }
  | { readonly t: 'answer'; readonly n: number; readonly value?: unknown; readonly error?: string };

/** What comes out. */
export type FromRenderThread =
  | { readonly t: 'rendered'; readonly n: number; readonly value?: unknown; readonly error?: string }
  | {
      readonly t: 'call';
      readonly n: number;
      readonly fun: string;
      readonly arg: readonly unknown[];
      readonly kwarg: Readonly<Record<string, unknown>>;
    };

/** One end of the wire between two threads. */
export interface RenderPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** The inside of a render thread: reads and renders reactor files one after the other, whoever may be slow. */
export function serveRenders(
  port: RenderPort,
  { opts, functions }: Pick<RenderThreadData, 'opts' | 'functions'>,
  readFile: ReadFile,
): void {
  const answers = new Map<number, (answer: ToRenderThread & { t: 'answer' }) => void>();
  let calls = 0;
  const call =
    (fun: string): PyCallable =>
    (args, kwargs) =>
      new Promise((resolve, reject) => {
        const n = ++calls;
        answers.set(n, ({ value, error }) => {
          answers.delete(n);
          if (error === undefined) resolve(fromJs(value));
          else reject(new Error(error));
        });
        const kwarg = Object.fromEntries([...kwargs].map(([key, value]) => [key, toJs(value)]));
        port.postMessage({
          t: 'call',
          n,
          fun,
          arg: args.map((value) => toJs(value)),
          kwarg,
        } satisfies FromRenderThread);
      });
  const callables = new Map(functions.map((fun) => [fun, call(fun)]));
  const render = createReactorRenderer({
    functions: { find: (name) => callables.get(name), names: () => functions },
    opts,
    readFile,
    nowMs: systemClock.nowMs,
  });
  port.on('message', (message) => {
    const request = message as ToRenderThread;
    if (request.t === 'answer') return answers.get(request.n)?.(request);
    const { n, path, name, event } = request;
    const answer = (result: { value?: unknown; error?: string }): void =>
      port.postMessage({ t: 'rendered', n, ...result } satisfies FromRenderThread);
    Promise.resolve()
      .then(() => render(name.replace(/^salt:\/\/|\?.*$/g, ''), readFileSync(path, 'utf8'), event))
      .then(
        (value) => answer({ value }),
        (error: unknown) => answer({ error: describe(error) }),
      );
  });
}

function describe(error: unknown): string {
  if (!(error instanceof RenderError)) return error instanceof Error ? error.message : String(error);
  return error.hint === undefined ? error.message : `${error.message}\nhint: ${error.hint}`;
}
