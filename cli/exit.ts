import { keepAlive } from '../shared/clock.ts';
import { errorLine, errorTable, exitStatus, FleetError, systemErrorCode } from '../shared/errors.ts';
import { stripControl } from './strip_control.ts';

/** The parts of `process` that ending a command touches. */
export interface Host {
  readonly argv: readonly string[];
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  exitCode?: number | string | null | undefined;
  exit(status: number): void;
}

/**
 * Runs a command to its end and sets the exit status: what `main` answers (nothing is 0), or that of the error it
 * throws, which is told in one line. The process ends by itself, so that what was written is not lost.
 */
export async function runCommand(
  name: string,
  main: () => Promise<number | undefined> | Promise<void>,
  host: Host = process,
): Promise<void> {
  host.stdout.on('error', (error) => leaveUnheard(name, error, host));
  const alive = keepAlive();
  try {
    host.exitCode = (await main()) ?? 0;
  } catch (error) {
    host.stderr.write(`${stripControl(failureText(name, error, wantsStack(host.argv)))}\n`);
    host.exitCode = exitStatus(error);
  } finally {
    alive.stop();
  }
}

/** Standard output takes no more. With `salt … | head` that is no failure: the reader has what it wants. */
function leaveUnheard(name: string, error: Error, host: Host): void {
  const code = systemErrorCode(error);
  if (code === 'EPIPE') {
    host.exit(0);
    return;
  }
  host.stderr.write(`${name}: cannot write to standard output: ${code ?? error.message}\n`);
  host.exit(errorTable.FILE_UNREADABLE.exit);
}

function failureText(name: string, error: unknown, withStack: boolean): string {
  if (error instanceof FleetError && error.code !== 'MODULE_CRASHED') return `${name}: ${errorLine(error)}`;
  if (withStack) return `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return `${name}: ${errorLine(error)}; this is a bug; run with -l debug to see the stack`;
}

function wantsStack(argv: readonly string[]): boolean {
  const levels = ['debug', 'trace', 'garbage', 'all'];
  return argv.some((word, index) => {
    const level = /^(?:-l|--log-level=)(.+)$/.exec(word)?.[1];
    if (level !== undefined) return levels.includes(level);
    return (word === '-l' || word === '--log-level') && levels.includes(argv[index + 1] ?? '');
  });
}
