// `npm run soak -- --minutes 30 --minions 1000 --rate 5 --seed 7 --json soak.json`: the long run of test/soak. Plain
// JavaScript.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runVitest } from './run_vitest.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    minions: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
process.exitCode = await runVitest(['test/soak/soak.test.ts'], {
  SOAK_MINUTES: values.minutes,
  SOAK_MINIONS: values.minions,
  SOAK_RATE: values.rate,
  SOAK_SEED: values.seed,
  ...(values.json !== undefined && { SOAK_JSON: resolve(values.json) }),
});
