import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { shellWord } from '../../shared/shlex.ts';
import { repositoryRoot } from './source_tree.ts';

/** How long a line or an end is waited for. */
const PATIENCE_MS = 30_000;
/** A user that may do nothing, for tests that run as root. */
export const NOBODY = 65534;

export interface Command {
  /** Standard input; without it there is none. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** As a user without rights when the test runs as root; see `canBeNobody`. */
  readonly asNobody?: boolean;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; -1 when a signal ended it. */
  readonly status: number;
}

/** A process of ours that runs until it is told to stop. */
export interface Program {
  readonly pid: number;
  /** All that it wrote so far, to both outputs. */
  text(): string;
  /** The first line that matches, written already or later; rejects when the process ends or 30 s pass. */
  line(pattern: RegExp): Promise<string>;
  /** The first such line that is written from now on. */
  nextLine(pattern: RegExp): Promise<string>;
  readonly ended: Promise<CommandResult>;
  kill(signal: NodeJS.Signals): void;
  /** Closes our ends of its outputs, as a terminal does that goes away. */
  hangUp(): void;
  /** SIGTERM, or SIGKILL when that is not heard; resolves when it has ended. */
  stop(): Promise<CommandResult>;
}

/** What `npm run build` made, or another build to be tested in its place; or a file by its whole path. */
function pathOf(name: string): string {
  if (isAbsolute(name)) return name;
  const file = join(process.env.BRINE_DIST ?? join(repositoryRoot, 'dist'), `${name}.cjs`);
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run build`);
  return file;
}

/** Variables of the machine must not decide: a test says all that counts. */
function environment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('SALT_') && name !== 'NODE_OPTIONS',
  );
  return { ...Object.fromEntries(inherited), ...env };
}

/** Nothing outlives the process of the tests. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function spawnProgram(name: string, args: readonly string[], { env, asNobody }: Command): ChildProcess {
  const user = asNobody === true && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return spawn(process.execPath, [pathOf(name), ...args], { env: environment(env), ...user });
}

/** Whether a user without rights can run the programs here: not where only root may enter the checkout. */
export function canBeNobody(): boolean {
  if (process.getuid?.() !== 0) return true;
  const { status } = spawnSync(process.execPath, [pathOf('salt'), '--help'], { uid: NOBODY, gid: NOBODY });
  return status === 0;
}

/** Gives a file or directory to the user of `asNobody`. */
export function giveToNobody(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
}

/** Runs one of our programs to its end; one that does not end is killed after 30 s. */
export async function runProgram(name: string, args: readonly string[], command: Command = {}): Promise<CommandResult> {
  const program = follow(spawnProgram(name, args, command));
  program.child.stdin?.end(command.input ?? '');
  const timer = setTimeout(() => program.kill('SIGKILL'), PATIENCE_MS);
  const result = await program.ended;
  clearTimeout(timer);
  return result;
}

/** Starts one of our programs, with no input. */
export function startProgram(
  name: string,
  args: readonly string[],
  command: Command & { readonly logFile?: string } = {},
): Program {
  const program = follow(spawnProgram(name, args, command), command.logFile);
  program.child.stdin?.end();
  return program;
}

/** One of our programs whose output another program reads. */
export async function runPipeline(
  name: string,
  args: readonly string[],
  [file = '', ...fileArgs]: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly statuses: readonly number[] }> {
  const writer = spawn(process.execPath, [pathOf(name), ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // The reader has the pipe itself: when it ends, the writer gets EPIPE, as in a shell.
  const reader = spawn(file, fileArgs, { stdio: [writer.stdout, 'pipe', 'inherit'] });
  writer.stdout.destroy();
  const [written, read] = await Promise.all([follow(writer).ended, follow(reader).ended]);
  return { stdout: read.stdout, stderr: written.stderr, statuses: [written.status, read.status] };
}

/** One of our programs on a pseudo terminal of 60 columns and 20 rows, by `script` of util-linux. */
export function startOnTerminal(name: string, args: readonly string[]): Program {
  const words = [process.execPath, pathOf(name), ...args].map(shellWord);
  return startTool('script', ['-qec', `stty cols 60 rows 20; exec ${words.join(' ')}`, '/dev/null']);
}

/** A shell on a pseudo terminal, to be typed into. */
export function startShell(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Program & { type(text: string): void } {
  const command = `stty cols 200 rows 20; exec ${words.join(' ')}`;
  const program = follow(spawn('script', ['-qec', command, '/dev/null'], { env: environment(env) }));
  return { ...program, type: (text) => void program.child.stdin?.write(text) };
}

/** Any program that is on the PATH. */
export function startTool(file: string, args: readonly string[]): Program {
  return follow(spawn(file, [...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

function follow(child: ChildProcess, logFile?: string): Program & { readonly child: ChildProcess } {
  running.add(child);
  child.once('exit', () => running.delete(child));
  const watchers = new Set<() => void>();
  const written = { stdout: '', stderr: '', all: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      written[name] += chunk;
      written.all += chunk;
      if (logFile !== undefined) appendFileSync(logFile, chunk);
      for (const look of watchers) look();
    });
  }
  const ended = once(child, 'close').then(([status]) => ({
    stdout: written.stdout,
    stderr: written.stderr,
    status: typeof status === 'number' ? status : -1,
  }));
  const lineFrom = (start: number, pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        watchers.delete(look);
        clearTimeout(timer);
        finish();
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`no line ${pattern}: ${why}; it wrote:\n${written.all.slice(-4000)}`)));
      const look = (): void => {
        const whole = written.all.slice(start, written.all.lastIndexOf('\n') + 1);
        const found = whole.split('\n').find((line) => pattern.test(line));
        if (found !== undefined) settle(() => resolve(found));
      };
      const timer = setTimeout(() => fail(`not within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
      watchers.add(look);
      void ended.then(({ status }) => fail(`the process ended with ${status}`));
      look();
    });
  return {
    child,
    pid: child.pid ?? -1,
    text: () => written.all,
    line: (pattern) => lineFrom(0, pattern),
    nextLine: (pattern) => lineFrom(written.all.length, pattern),
    ended,
    kill: (signal) => void child.kill(signal),
    hangUp() {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const result = await ended;
      clearTimeout(timer);
      return result;
    },
  };
}
