import type { FileHandle } from 'node:fs/promises';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { End } from './verify_audit_log.ts';

/** So long at most until what was written would survive a power cut: a flush for each job would slow all jobs down. */
const FLUSH_MS = 1000;

/**
 * Appends that leave nothing when they fail: half a line would spoil the next, and look as if somebody had changed it.
 * They are flushed a second later; `failed` hears of it when they cannot be.
 */
export function appendWhole(
  handle: FileHandle,
  { bytes, isTorn }: End,
  clock: Clock,
  failed: (error: unknown) => void,
) {
  let end = bytes;
  // A line that a power cut left half is not ours to remove: what follows goes on a line of its own.
  let before = isTorn ? '\n' : '';
  let flushing: Timer | undefined;
  const flush = async (): Promise<void> => {
    flushing?.stop();
    flushing = undefined;
    await handle.datasync().catch(failed);
  };
  const undo = async (): Promise<void> => {
    const { size } = await handle.stat();
    if (size <= end) return;
    await handle.truncate(end).catch(() => {
      // A file that may only grow (`chattr +a`).
      before = '\n';
      end = size;
    });
  };
  return {
    async append(text: string): Promise<void> {
      const whole = Buffer.from(before + text);
      try {
        await handle.appendFile(whole);
      } catch (error) {
        await undo();
        throw error;
      }
      before = '';
      end += whole.length;
      flushing ??= clock.after(FLUSH_MS, () => void flush());
    },
    async close(): Promise<void> {
      await flush();
      await handle.close();
    },
  };
}
