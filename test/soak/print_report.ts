import { processNames } from './judge.ts';
import type { SoakReport } from './run_soak.ts';

/** The outcome of a run, for a person. */
export function soakText(report: SoakReport): string {
  const { minutes, minions, rate, seed, load, samples, store, before, after, verdicts, directory } = report;
  const { jobs } = load;
  const range = (values: readonly number[]): string =>
    `${figure(values[0] ?? 0)} → ${figure(values.at(-1) ?? 0)}, most ${figure(Math.max(...values))}`;
  const processes = processNames.flatMap((name) => {
    const all = samples[name];
    const collected = all.filter(({ isCollected }) => isCollected);
    return [
      `${name}`,
      `  heap after collection, MB  ${range(collected.map(({ heapMb }) => heapMb))}`,
      `  memory of its own, MB      ${range(all.map(({ anonymousMb }) => anonymousMb))}`,
      `  PSS, MB                    ${range(all.map(({ pssMb }) => pssMb))}`,
      `  file descriptors           ${range(all.map(({ files }) => files))}`,
      `  event loop late, ms        p99 ${figure(median(all.map(({ delayP99Ms }) => delayP99Ms)))} (median), most ${figure(Math.max(...all.map(({ delayMaxMs }) => delayMaxMs)))}`,
      `  held at rest               ${['timers', 'sockets', 'signals'].map((what) => `${what} ${before[name][what as 'timers']} → ${after[name][what as 'timers']}`).join(', ')}`,
    ];
  });
  const widths = Math.max(...verdicts.map(({ name }) => name.length));
  const lines = verdicts.map(({ name, value, error, unit, max, state }) => {
    const doubt = error === undefined ? '' : ` ± ${figure(error)}`;
    return `  ${state.padEnd(7)}${name.padEnd(widths)}  ${figure(value)}${doubt} ${unit} (at most ${max})`;
  });
  const count = (state: string): number => verdicts.filter((verdict) => verdict.state === state).length;
  return [
    `soak: ${minutes} minutes, ${minions} minions, ${rate} jobs a second, seed ${seed}`,
    `jobs      wanted ${jobs.wanted}, accepted ${jobs.accepted}; parts ${jobs.parts}, ended ${jobs.ended}, wrongly ${jobs.wrong}`,
    `visitors  operators ${load.operators}, observers ${load.observers}; keys deleted ${load.keysDeleted}`,
    `store     file, MB: ${range(store.map(({ fileMb }) => fileMb))}; in it, MB: ${range(store.map(({ usedMb }) => usedMb))}; jobs: ${range(store.map(({ jobs }) => jobs))}`,
    ...processes,
    'verdicts',
    ...lines,
    ...load.problems.map((problem) => `  ${problem}`),
    `${count('met')} met, ${count('missed')} missed, ${count('open')} open${count('open') > 0 ? ': the run was too short, or too unsteady, to tell' : ''}`,
    ...(directory === undefined ? [] : [`logs      ${directory}`]),
    '',
  ].join('\n');
}

function figure(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
