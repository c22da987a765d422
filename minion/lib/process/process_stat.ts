import { basename } from 'node:path';
import type { FileRoot } from '../file_root.ts';

/** The kernel counts the time of processes in this part of a second, whatever its own rate is. */
export const TICKS_PER_SECOND = 100;

/** What /proc says of a process in one line (proc(5)); times are in ticks. */
export interface ProcessStat {
  readonly pid: number;
  /** Cut by the kernel to 15 characters. */
  readonly comm: string;
  /** One letter. */
  readonly state: string;
  readonly ppid: number;
  readonly terminal: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly childrenUserTicks: number;
  readonly childrenSystemTicks: number;
  readonly waitTicks: number;
  readonly nice: number;
  readonly threads: number;
  /** Since the boot. With the id it tells a process from a later one that has the id again. */
  readonly startTicks: number;
  readonly processor: number;
}

/** psutil's words for the kernel's letters. */
const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk-sleep',
  T: 'stopped',
  t: 'tracing-stop',
  Z: 'zombie',
  X: 'dead',
  x: 'dead',
  K: 'wake-kill',
  W: 'waking',
  I: 'idle',
  P: 'parked',
};
export const STATUSES = [...new Set(Object.values(STATES))];

export function statusText({ state }: ProcessStat): string {
  return STATES[state] ?? '?';
}

/** Undefined when it ended meanwhile. */
export function readProcessStat(files: FileRoot, pid: number, folder = `/proc/${pid}`): ProcessStat | undefined {
  const text = files.readText(`${folder}/stat`);
  // A name may have blanks and brackets itself.
  const [, comm, rest] = /^\d+ \((.*)\) (.*)/s.exec(text ?? '') ?? [];
  if (comm === undefined || rest === undefined) return undefined;
  const fields = rest.split(' ');
  // proc(5) counts from 1, and state is the third.
  const number = (field: number) => Number(fields[field - 3] ?? 0);
  return {
    ...{ pid, comm, state: fields[0] ?? '', ppid: number(4), terminal: number(7) },
    ...{ userTicks: number(14), systemTicks: number(15), childrenUserTicks: number(16) },
    ...{ childrenSystemTicks: number(17), nice: number(19), threads: number(20), startTicks: number(22) },
    ...{ processor: number(39), waitTicks: number(42) },
  };
}

const COMM_MAX = 15;

/** Undefined when it ended meanwhile. A name that was cut is completed from the command line. */
export function processName(files: FileRoot, pid: number): string | undefined {
  const comm = files.readText(`/proc/${pid}/comm`)?.trimEnd();
  return comm === undefined ? undefined : wholeName(files, pid, comm);
}

export function wholeName(files: FileRoot, pid: number, comm: string): string {
  if (comm.length < COMM_MAX) return comm;
  const program = basename(commandLine(files, pid)[0] ?? '');
  return program.startsWith(comm) ? program : comm;
}

/** Empty for a thread of the kernel. */
export function commandLine(files: FileRoot, pid: number): string[] {
  const text = files.readText(`/proc/${pid}/cmdline`)?.replace(/\0+$/, '') ?? '';
  return text === '' ? [] : text.split('\0');
}
