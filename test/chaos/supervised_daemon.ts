import { readFileSync } from 'node:fs';
import { type Program, startProgram } from '../support/program.ts';

/** How long a service manager waits before it starts again what ended by itself. */
const RESTART_MS = 500;

/** A daemon as a service manager keeps it: what ends by itself is started again. */
export interface SupervisedDaemon {
  start(): void;
  /** Resolves when it has ended; it stays down until `start`. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Ends it for good: a fault that is still under way does not start it again. */
  retire(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** How often it ended without being asked. */
  exits(): number;
  /** Resident memory in MB; undefined while it is down. */
  memoryMb(): number | undefined;
  /** Lines that it wrote in all its lives. */
  lines(pattern: RegExp): readonly string[];
}

export function createSupervisedDaemon(
  command: 'salt-master' | 'salt-minion',
  configDir: string,
  logFile: string,
  env: Readonly<Record<string, string>> = {},
): SupervisedDaemon {
  let program: Program | undefined;
  let exits = 0;
  let written = '';
  let isRetired = false;
  const start = (): void => {
    // Faults overlap: another one may have started it already.
    if (isRetired || program !== undefined) return;
    const mine = startProgram(command, ['-c', configDir, '-l', 'info'], { logFile, env });
    program = mine;
    void mine.ended.then(() => {
      written += mine.text();
      if (program !== mine) return;
      exits++;
      setTimeout(() => {
        if (program !== mine) return;
        program = undefined;
        start();
      }, RESTART_MS);
    });
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const ending = program;
    program = undefined;
    ending?.kill(signal);
    // As a service manager does: what another fault has frozen would not hear of it.
    ending?.kill('SIGCONT');
    await ending?.ended;
  };
  return {
    start,
    end,
    retire() {
      isRetired = true;
      return end('SIGTERM');
    },
    freeze: () => program?.kill('SIGSTOP'),
    thaw: () => program?.kill('SIGCONT'),
    exits: () => exits,
    memoryMb: () => (program === undefined ? undefined : residentMb(program.pid)),
    lines: (pattern) => `${written}${program?.text() ?? ''}`.split('\n').filter((line) => pattern.test(line)),
  };
}

function residentMb(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    // It has just ended.
    return undefined;
  }
}
