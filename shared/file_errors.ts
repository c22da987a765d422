import { FleetError, systemErrorCode } from './errors.ts';
import { systemReason } from './system_reason.ts';

/**
 * Work on a file. What the system refuses is thrown as FILE_UNREADABLE that names the file and says that it cannot be
 * `done`, such as read.
 */
export async function fileErrors<T>(path: string, done: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    throw new FleetError('FILE_UNREADABLE', `${path} cannot be ${done}: ${systemReason(cause)}`, {
      cause,
      ...(code === 'EISDIR' && { hint: 'move it away' }),
    });
  }
}
