import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory, gone when the test is over. Its name is short: unix sockets have 107 bytes. */
export function temporaryDir(): string {
  const { path, remove } = makeTemporaryDir();
  onTestFinished(remove);
  return path;
}

/** An empty directory for all tests of a file, which removes it. */
export function makeTemporaryDir(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'brine-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
