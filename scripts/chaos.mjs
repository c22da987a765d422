// `npm run chaos -- --minutes 30 --seed 7`: the long run of test/chaos. Plain JavaScript.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './setup.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' } },
});
await ensureBuilt();
const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [`${root}node_modules/vitest/vitest.mjs`, 'run', 'test/chaos/chaos.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      CHAOS_MINUTES: values.minutes,
      CHAOS_SEED: values.seed ?? String(Math.floor(Math.random() * 1e6)),
    },
  },
);
process.exitCode = status ?? 1;
