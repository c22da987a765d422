import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { FleetError } from '../../shared/errors.ts';

/** A process of this benchmark: never one that was there before. */
export interface OwnProcess {
  readonly pid: number;
  /** Resolves when it has told this on standard error; rejects when it ends before. */
  told(text: string): Promise<void>;
  /** Resolves with the reason when it ends, asked to or not. */
  readonly ended: Promise<string>;
  /** Asks it to stop and waits for it; what does not listen is killed. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

const STOP_MS = 15_000;

type Variables = Readonly<Record<string, string>>;

/** Starts a program of the build that runs until it is stopped. */
export function startProcess(program: string, args: readonly string[], env: Variables = {}): OwnProcess {
  return startTool(process.execPath, [program, ...args], env);
}

/**
 * The same with thirty times the share of the processors that others get, as `CPUWeight=3000` of the master's unit gives
 * it; who may not raise a priority starts it as any other.
 */
export function startFirst(program: string, args: readonly string[]): OwnProcess {
  return startTool('nice', ['-n', '-15', process.execPath, program, ...args], {});
}

/** The same for a program of somebody else. */
export function startTool(file: string, args: readonly string[], env: Variables): OwnProcess {
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  const child = spawn(file, [...args], { stdio: [...stdio], env: environment(env) });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-2000);
  });
  const kill = (): void => void child.kill('SIGKILL');
  const ended = once(child, 'exit').then(
    ([code, signal]) => `${args.join(' ')} ended (${signal ?? code}): ${errors.trim()}`,
  );
  return {
    pid: child.pid!,
    async told(text) {
      const seen = new Promise<void>((resolve) => {
        const look = (): void => (errors.includes(text) ? resolve() : undefined);
        child.stderr.on('data', look);
        look();
      });
      const gone = ended.then((reason) => {
        throw new FleetError('COMMAND_FAILED', reason);
      });
      await Promise.race([seen, gone]);
    },
    ended,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_MS);
      await ended;
      clearTimeout(timer);
    },
    kill,
  };
}

/** Runs a command to its end and resolves to what it printed. Throws COMMAND_FAILED. */
export async function runProcess(args: readonly string[]): Promise<string> {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child: ChildProcess = spawn(process.execPath, [...args], { stdio: [...stdio], env: environment() });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  if (code === 0) return output;
  throw new FleetError('COMMAND_FAILED', `node ${args.join(' ')} ended with ${code}: ${output.trim()}`);
}

/** With NODE_EXTRA_CA_CERTS each Node reads certificates before all else: 35 ms and 1 MB that are the machine's alone. */
function environment(env: Variables = {}): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _certificates, ...inherited } = process.env;
  return { ...inherited, ...env };
}

/** Its share of memory in MB: pages that several processes have in common are divided among them. */
export function pssMb(pid: number): number {
  return memoryMb(pid, 'Pss');
}

/** What it made itself, MB: no pages of files, such as Node's own. */
export function anonymousMb(pid: number): number {
  return memoryMb(pid, 'Anonymous');
}

/** All pages that it has, in MB: its share of memory when no other process has the same files. */
export function residentMb(pid: number): number {
  return memoryMb(pid, 'Rss');
}

function memoryMb(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
}

/** The processor time that a process used so far, milliseconds. */
export function cpuMs(pid: number): number {
  return cpuMsIn(`/proc/${pid}/stat`);
}

/** The same of its main thread alone. */
export function mainThreadCpuMs(pid: number): number {
  return cpuMsIn(`/proc/${pid}/task/${pid}/stat`);
}

function cpuMsIn(path: string): number {
  const stat = readFileSync(path, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5), in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
