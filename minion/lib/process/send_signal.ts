import { systemErrorCode } from '../../../shared/errors.ts';
import { commandFailed } from '../exec.ts';

/** Sends a signal to one process; false when there is none of that id. Throws COMMAND_FAILED when it is not allowed. */
export function sendSignal(pid: number, signal: number): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false;
    if (systemErrorCode(error) !== 'EPERM') throw error;
    throw commandFailed(`signal ${signal} may not be sent to process ${pid}`, 'the minion would have to run as root');
  }
}
