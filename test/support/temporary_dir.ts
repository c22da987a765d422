import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory, gone when the test is over. Its name is short: unix sockets have 107 bytes. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'brine-e2e-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
