import { faultKinds, MASTER } from './chaos_plan.ts';
import { violationKinds } from './judge.ts';
import type { ChaosReport } from './run_chaos.ts';

const SHOWN_MAX = 30;

/** The counts of a run, for a person. */
export function chaosText(report: ChaosReport): string {
  const { seed, durationMs, plan, accepted, parts, violations, memoryMb, directory } = report;
  const faults = faultKinds.map((kind) => {
    const all = plan.faults.filter((fault) => fault.kind === kind);
    const ofMaster = all.filter(({ target }) => target === MASTER).length;
    return `${kind} ${all.length}${ofMaster > 0 ? ` (master ${ofMaster})` : ''}`;
  });
  const answers = [...accepted.values()];
  const answered = (kind: string): string => `${kind} ${answers.filter((answer) => answer.kind === kind).length}`;
  const count = (kind: string): number => violations.filter((violation) => violation.kind === kind).length;
  const partCount = Object.values(parts).reduce((sum, n) => sum + n, 0);
  return [
    `chaos: seed ${seed}, ${Math.round(durationMs / 1000)} s`,
    `faults    ${faults.join(', ')}${report.smallDisks.length === 0 ? ' (no disk could be mounted: none was filled)' : ''}`,
    `jobs      asked for ${answers.length}: ${['accepted', 'refused', 'unknown'].map(answered).join(', ')}; stored ${report.jobCount}`,
    `parts     ${partCount}: ${entries(parts)}; side effects ${report.effectCount}`,
    `violated  ${violationKinds.map((kind) => `${kind} ${count(kind)}`).join(', ')}`,
    `memory    highest, MB: ${entries(Object.fromEntries([...memoryMb].map(([name, mb]) => [name, Math.round(mb)])))}`,
    `exits     ${report.exits} of daemons by themselves`,
    ...violations.slice(0, SHOWN_MAX).map(({ kind, text }) => `  ${kind}: ${text}`),
    ...(directory === undefined ? [] : [`logs      ${directory}`]),
    '',
  ].join('\n');
}

function entries(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
