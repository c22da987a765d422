import { FleetError } from '../../shared/errors.ts';

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
  /** Start it and do not wait: the result has only `pid`. */
  readonly background?: boolean;
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

/** Throws COMMAND_FAILED when it cannot be started or writes more than allowed; a non-zero status is a result. */
export type Exec = (argv: readonly [string, ...string[]], options?: ExecOptions) => Promise<ExecResult>;

export function commandFailed(message: string, hint?: string): FleetError {
  return new FleetError('COMMAND_FAILED', message, hint === undefined ? {} : { hint });
}
