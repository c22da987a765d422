import { expect, test } from 'vitest';
import { chaosText } from './print_report.ts';
import { runChaos } from './run_chaos.ts';

/** `npm run chaos` says more; without it this is the short run. */
const seed = Number(process.env.CHAOS_SEED ?? 1);
const durationMs = Number(process.env.CHAOS_MINUTES ?? 0.75) * 60_000;
const tell = (line: string): void => void (process.env.CHAOS_MINUTES && process.stderr.write(`${line}\n`));

test(
  'no job is lost, runs twice or runs late, whatever is killed, frozen, cut or full',
  async () => {
    const report = await runChaos({ seed, durationMs, tell });
    process.stderr.write(chaosText(report));
    expect(report.violations.map(({ kind, text }) => `${kind}: ${text}`.slice(0, 200)).slice(0, 20)).toEqual([]);
  },
  durationMs + 480_000,
);
