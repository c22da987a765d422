import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FleetError } from '../../shared/errors.ts';

export type TimedWork = 'compile' | 'render' | 'load';

/** A Python that times Jinja2 and PyYAML by its own clock. */
export interface PythonTimer {
  /** Sets the template and its context; resolves to what it prints. */
  use(source: string, context: unknown): Promise<string>;
  /** Resolves to the processor time that one takes of so many, milliseconds. */
  time(work: TimedWork, times: number): Promise<number>;
  stop(): Promise<void>;
}

/** Starts Debian's Python, which has python3-jinja2 and python3-yaml. Throws COMMAND_FAILED. */
export async function startPythonTimer(root: URL): Promise<PythonTimer> {
  const script = fileURLToPath(new URL('bench/lib/time_python.py', root));
  const child = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async <Answer>(request: unknown): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done !== true) return JSON.parse(value) as Answer;
    await ended;
    throw new FleetError('COMMAND_FAILED', `Python ended: ${errors.trim().split('\n').at(-1)}`, {
      hint: 'apt-get install python3-jinja2 python3-yaml',
    });
  };
  return {
    use: async (source, context) => (await ask<{ text: string }>({ source, context })).text,
    time: async (work, times) => (await ask<{ ms: number }>({ do: work, times })).ms,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
