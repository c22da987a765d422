import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../golden/', import.meta.url));

/**
 * Compares a text with a file below test/golden; `UPDATE_GOLDEN=1` writes the file instead. Escape bytes are shown as
 * `␛`, so that a difference can be read.
 */
export function expectGolden(file: string, text: string): void {
  const path = join(root, file);
  const shown = `${text.replaceAll('\x1b', '␛')}\n`;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, shown);
  }
  expect(shown).toBe(readFileSync(path, 'utf8'));
}
