import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import { errorLine, FleetError } from '../errors.ts';
import { programFolder } from '../plugin/load_folder.ts';
import type { RenderFile } from './plan_reactions.ts';
import type { FromRenderThread, RenderPort, RenderThreadData, ToRenderThread } from './serve_renders.ts';

/** A render thread, seen from outside. */
export interface RenderThread extends RenderPort {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  terminate(): unknown;
}

export type OpenRenderThread = (data: RenderThreadData) => RenderThread;

export interface RenderThreadOptions {
  readonly data: RenderThreadData;
  readonly open: OpenRenderThread;
  /** Runs a function that a template calls. */
  readonly call: (fun: string, arg: readonly unknown[], kwarg: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly clock: Clock;
}

/** A file that its own limits did not stop within this time is stopped with its thread, milliseconds. */
const PATIENCE_MS = 60_000;
const HEAP_MAX_MB = 256;

/** A thread of the built program: an event of 200 kB takes 140 ms to render, and the event loop has 50. */
export function renderWorkerOf(program: 'master' | 'minion'): OpenRenderThread {
  return renderWorkerIn(new URL('render_worker.js', programFolder(`${program}/reactor`)));
}

/** A thread that runs this file. */
export function renderWorkerIn(file: URL): OpenRenderThread {
  return (data) => {
    const worker = new Worker(file, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB } });
    // It must not keep the process alive.
    worker.unref();
    return worker;
  };
}

/** Renders in a thread that is started when it is first needed, and anew after it died. */
export function createThreadRenderer({ data, open, call, clock }: RenderThreadOptions): {
  readonly renderFile: RenderFile;
  stop(): void;
} {
  let thread: RenderThread | undefined;
  let count = 0;
  const pending = new Map<number, (answer: { readonly value?: unknown; readonly error?: string }) => void>();

  const fail = (reason: string): void => {
    thread?.terminate();
    thread = undefined;
    for (const answer of pending.values()) answer({ error: reason });
  };
  const post = (to: RenderThread, message: ToRenderThread): void => to.postMessage(message);
  const serveCall = async (
    from: RenderThread,
    { n, fun, arg, kwarg }: FromRenderThread & { t: 'call' },
  ): Promise<void> => {
    try {
      post(from, { t: 'answer', n, value: await call(fun, arg, kwarg) });
    } catch (error) {
      post(from, { t: 'answer', n, error: errorLine(error) });
    }
  };
  const start = (): RenderThread => {
    const started = open(data);
    started.on('message', (message) => {
      const news = message as FromRenderThread;
      if (news.t === 'call') void serveCall(started, news);
      else pending.get(news.n)?.(news);
    });
    started.on('error', (error) => {
      if (thread === started) fail(`the render thread ended: ${error.message}`);
    });
    return started;
  };
  return {
    renderFile({ path, name }, event) {
      thread ??= start();
      const n = ++count;
      return new Promise((resolve, reject) => {
        const timer = clock.after(PATIENCE_MS, () => fail(`a file was not rendered within ${PATIENCE_MS} ms`));
        pending.set(n, ({ value, error }) => {
          timer.stop();
          pending.delete(n);
          if (error === undefined) resolve(value);
          else reject(new FleetError('COMMAND_FAILED', error));
        });
        post(thread as RenderThread, { t: 'render', n, path, name, event });
      });
    },
    stop: () => fail('the reactor stops'),
  };
}
