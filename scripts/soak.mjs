// `npm run soak -- --minutes 30 --minions 1000 --rate 5 --seed 7 --json soak.json`: the long run of test/soak. Plain
// JavaScript.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './setup.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    minions: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
await ensureBuilt();
const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [`${root}node_modules/vitest/vitest.mjs`, 'run', 'test/soak/soak.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      SOAK_MINUTES: values.minutes,
      SOAK_MINIONS: values.minions,
      SOAK_RATE: values.rate,
      SOAK_SEED: values.seed,
      ...(values.json !== undefined && { SOAK_JSON: resolve(values.json) }),
    },
  },
);
process.exitCode = status ?? 1;
