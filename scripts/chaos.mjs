// `npm run chaos -- --minutes 30 --seed 7`: the long run of test/chaos. Plain JavaScript.
import { parseArgs } from 'node:util';
import { runVitest } from './run_vitest.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' } },
});
process.exitCode = await runVitest(['test/chaos/chaos.test.ts'], {
  CHAOS_MINUTES: values.minutes,
  CHAOS_SEED: values.seed ?? String(Math.floor(Math.random() * 1e6)),
});
