// Vitest on a clone where nothing was installed or built. Plain JavaScript.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './setup.mjs';

/** Runs it in this terminal, with these variables besides those that are there. Resolves to the exit status. */
export async function runVitest(args, variables = {}) {
  await ensureBuilt();
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, 'run', ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  return status ?? 1;
}
