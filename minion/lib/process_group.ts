import type { Clock, Timer } from '../../shared/clock.ts';
import { systemErrorCode } from '../../shared/errors.ts';

/** How long a process has between SIGTERM and SIGKILL. */
export const KILL_GRACE_MS = 2000;

/** Sends a signal to every process of a group; false when none is left. 0 only asks. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false;
    throw error;
  }
}

/** Ends a whole process group: SIGTERM at once, SIGKILL after the grace. `onKilled` runs after the second. */
export function terminateGroup(clock: Clock, pgid: number, onKilled: () => void): Timer {
  signalGroup(pgid, 'SIGTERM');
  return clock.after(KILL_GRACE_MS, () => {
    signalGroup(pgid, 'SIGKILL');
    onKilled();
  });
}
