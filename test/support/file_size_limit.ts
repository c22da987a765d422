import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

/**
 * Ends what this process writes beyond that many bytes of a file, as a full disk does, until the answer is called or the
 * test is finished.
 */
export function limitFileSize(bytes: number): () => void {
  const limit = (max: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${max}:unlimited`]);
  const allow = (): void => void limit('unlimited');
  onTestFinished(allow);
  limit(bytes);
  return allow;
}
