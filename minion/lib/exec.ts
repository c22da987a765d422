import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Clock, Timer } from '../../shared/clock.ts';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { pyRepr } from '../../shared/python_text.ts';
import { END_CHARACTERS, endsOfText } from './ends_of_text.ts';
import { type Environment, type Launch, prepareLaunch, unableToRun } from './launch.ts';
import { osErrorText } from './os_error.ts';
import { signalGroup, terminateGroup } from './process_group.ts';

/** How a process is to be run. Nothing is ever joined into a shell string here: who wants a shell names it in argv. */
export interface ExecOptions {
  readonly cwd?: string;
  /** Added to the minion's own environment; null removes a variable. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Start from an empty environment. */
  readonly cleanEnv?: boolean;
  readonly stdin?: string | Uint8Array;
  /** After this the process group gets SIGTERM, and SIGKILL two seconds later. */
  readonly timeoutMs?: number;
  /** User name to run as; its groups are set too. */
  readonly runas?: string;
  /** Group name to run as. */
  readonly group?: string;
  /** Four octal digits. */
  readonly umask?: string;
  /** Standard error into standard output, in the order written. */
  readonly mergeStderr?: boolean;
  /** Both streams together; beyond it the process is killed. Default 10 MiB. */
  readonly outputBytesMax?: number;
  /** Beyond it the process goes on instead, and the failure tells both ends of what it wrote. */
  readonly keepsEnds?: boolean;
  /** How to read the output, by its WHATWG name; what cannot be read becomes U+FFFD. Default UTF-8. */
  readonly encoding?: string;
  /** Start it and do not wait: the result has only `pid`. */
  readonly background?: boolean;
  /** False: nothing of the output is kept, so that there is no limit to it; `onOutput` is told all of it. */
  readonly keepOutput?: boolean;
  /** Called with each piece of output as it comes. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface ExecResult {
  readonly pid: number;
  /** Exit status; 128 + n when signal n ended it. */
  readonly retcode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/**
 * Throws COMMAND_FAILED when it cannot be started, writes more than allowed or is cancelled; a non-zero status is a
 * result. Whatever ends it early ends all its descendants, and is over when they are.
 */
export type Exec = (argv: readonly [string, ...string[]], options?: ExecOptions) => Promise<ExecResult>;

export interface ExecSettings {
  /** The environment that every process starts from. */
  readonly env: Environment;
  readonly log: Logger;
  readonly clock: Clock;
  /** Fires when whatever this exec belongs to is over: every process of it ends. */
  readonly signal?: AbortSignal;
  /** Told of each process that is waited for; its pid is that of its process group too. */
  readonly onChild?: (pid: number, ended: Promise<unknown>) => void;
  /** Directory that stands for `/` when users and groups are looked up. */
  readonly root?: string;
  /** Effective user id of this process. */
  readonly euid?: number;
}

const OUTPUT_BYTES_MAX = 10 * 1024 * 1024;

export function createExec(settings: ExecSettings): Exec {
  return async (argv, options = {}) => {
    const { root = '/', euid = process.geteuid?.() ?? -1 } = settings;
    const { runas, cwd, background = false } = options;
    checkEncoding(options.encoding);
    const launch = await prepareLaunch(argv, options, { ...settings, root, euid });
    if (settings.signal?.aborted) throw cancelled(argv);
    settings.log.debug(`executing command '${argv[0]}'`, { ...(runas && { runas }), ...(cwd && { cwd }), background });
    const child = await start(argv, launch, stdioOf(options));
    if (background) {
      child.unref();
      return { pid: child.pid as number, retcode: 0, stdout: '', stderr: '', timedOut: false };
    }
    return supervise(child, argv, options, settings);
  };
}

export function commandFailed(message: string, hint?: string): FleetError {
  return new FleetError('COMMAND_FAILED', message, hint === undefined ? {} : { hint });
}

function checkEncoding(encoding: string | undefined): void {
  try {
    new TextDecoder(encoding);
  } catch (error) {
    if (systemErrorCode(error) !== 'ERR_ENCODING_NOT_SUPPORTED') throw error;
    throw commandFailed(`unknown encoding: ${encoding}`, 'use a name such as utf-8, latin1 or shift_jis');
  }
}

function cancelled(argv: readonly string[]): FleetError {
  return commandFailed(`command ${pyRepr([...argv])} was cancelled`);
}

function stdioOf({ background, stdin }: ExecOptions): StdioOptions {
  if (background) return 'ignore';
  return [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
}

async function start(argv: readonly string[], launch: Launch, stdio: StdioOptions): Promise<ChildProcess> {
  const {
    argv: [program, ...args],
    ...options
  } = launch;
  try {
    // Detached makes it the leader of a process group, by which the whole tree can be ended.
    const child = spawn(program, args, { ...options, stdio, detached: true });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    if (systemErrorCode(error) === 'ERR_INVALID_ARG_VALUE') throw unableToRun(argv, 'embedded null byte', error);
    const text = osErrorText(error);
    throw text === undefined ? error : unableToRun(argv, text, error);
  }
}

/** Why a process was ended before it ended itself. */
type Stop = 'timed out' | 'cancelled' | 'too much output';

async function supervise(
  child: ChildProcess,
  argv: readonly string[],
  options: ExecOptions,
  { clock, signal, onChild }: ExecSettings,
): Promise<ExecResult> {
  const pid = child.pid as number;
  const { timeoutMs, outputBytesMax = OUTPUT_BYTES_MAX, keepsEnds = false, keepOutput = true } = options;
  const tree = endableTree(child, pid, clock);
  const output = collectOutput(child, options, outputBytesMax, () => keepsEnds || tree.stop('too much output'));
  const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => tree.stop('timed out'));
  const cancel = (): void => tree.stop('cancelled');
  signal?.addEventListener('abort', cancel, { once: true });
  // It may have fired while the process was started.
  if (signal?.aborted) cancel();
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  onChild?.(pid, closed);
  feed(child, options.stdin);
  const [code, endedBy] = await closed;
  timer?.stop();
  signal?.removeEventListener('abort', cancel);
  const stop = await tree.over();
  if (stop === 'cancelled') throw cancelled(argv);
  if (stop === 'too much output') {
    throw commandFailed(
      `command ${pyRepr([...argv])} wrote more than ${outputBytesMax} bytes, the limit of its output, and was killed`,
      'send its output to a file',
    );
  }
  const retcode = code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]);
  const { stdout, stderr, bytes } = output.result();
  if (keepOutput && bytes > outputBytesMax) {
    throw commandFailed(
      `command ${pyRepr([...argv])} ended with status ${retcode} and wrote ${bytes} bytes, more than its output may have (${outputBytesMax})\n${stdout || stderr}`,
    );
  }
  return { pid, retcode, stdout, stderr, timedOut: stop === 'timed out' };
}

/** A process group that can be ended once, for one reason. */
function endableTree(
  child: ChildProcess,
  pid: number,
  clock: Clock,
): { stop(why: Stop): void; over(): Promise<Stop | undefined> } {
  let reason: Stop | undefined;
  let timer: Timer | undefined;
  let onKilled: () => void = () => undefined;
  const killed = new Promise<void>((resolve) => {
    onKilled = resolve;
  });
  return {
    stop(why) {
      if (reason !== undefined) return;
      reason = why;
      timer = terminateGroup(clock, pid, () => {
        // A descendant that has left the group may hold the pipes open for ever.
        child.stdout?.destroy();
        child.stderr?.destroy();
        onKilled();
      });
    },
    async over() {
      // The first process may be gone and its descendants not yet.
      if (timer !== undefined && signalGroup(pid, 0)) await killed;
      timer?.stop();
      return reason;
    },
  };
}

function collectOutput(
  child: ChildProcess,
  { encoding, keepOutput = true, onOutput }: ExecOptions,
  bytesMax: number,
  onExcess: () => void,
) {
  const texts = { stdout: createKeptText(), stderr: createKeptText() };
  let bytes = 0;
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    const take = (text: string): void => {
      if (text === '') return;
      if (keepOutput) texts[name].add(text, bytes > bytesMax);
      onOutput?.(name, text);
    };
    child[name]?.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (keepOutput && bytes > bytesMax) onExcess();
      take(decoder.decode(chunk, { stream: true }));
    });
    child[name]?.on('end', () => take(decoder.decode()));
  }
  return { result: () => ({ stdout: texts.stdout.text(), stderr: texts.stderr.text(), bytes }) };
}

/** A text that grows; once it is cut, only its ends are kept. */
function createKeptText() {
  let head: string | undefined;
  let text = '';
  return {
    add(more: string, isCut: boolean): void {
      if (isCut) head ??= (text + more).slice(0, END_CHARACTERS);
      text += more;
      if (isCut) text = text.slice(-END_CHARACTERS);
    },
    text: () => (head === undefined ? text : endsOfText(head, text)),
  };
}

function feed(child: ChildProcess, stdin: string | Uint8Array | undefined): void {
  // A process need not read what it is given: the pipe then breaks, and that is no failure of anything.
  child.stdin?.on('error', (error) => {
    if (systemErrorCode(error) !== 'EPIPE' && systemErrorCode(error) !== 'ECONNRESET') throw error;
  });
  child.stdin?.end(stdin);
}
