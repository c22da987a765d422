import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { soakText } from './print_report.ts';
import { runSoak } from './run_soak.ts';

/** `npm run soak` says more; without it this is the short run, which cannot tell how memory grows. */
const { SOAK_MINUTES, SOAK_MINIONS, SOAK_RATE, SOAK_SEED, SOAK_JSON } = process.env;
const minutes = Number(SOAK_MINUTES ?? 0.2);
const minions = Number(SOAK_MINIONS ?? 30);
const tell = (line: string): void => void (SOAK_MINUTES && process.stderr.write(`${line}\n`));

test(
  'under jobs, churn and visitors memory stays level, nothing is left behind and no job is lost',
  async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const report = await runSoak({
      minutes,
      minions,
      rate: Number(SOAK_RATE ?? 5),
      seed: Number(SOAK_SEED ?? 1),
      tell,
    });
    process.stderr.write(soakText(report));
    if (SOAK_JSON !== undefined) writeFileSync(SOAK_JSON, `${JSON.stringify(report, null, 2)}\n`);
    expect(report.verdicts.filter(({ state }) => state === 'missed')).toEqual([]);
    expect(warnings).toEqual([]);
  },
  minutes * 60_000 + minions * 1000 + 900_000,
);
