import { spawnSync } from 'node:child_process';
import type { Finding } from '../../cli/doctor/check.ts';

/** Findings as one line each: `fail: text`, then ` => mend`. Every mend must be a line that a shell can read. */
export function told(findings: readonly Finding[]): string[] {
  const mends = findings.flatMap((finding) => ('mend' in finding ? [finding.mend] : []));
  const { status, stderr } = spawnSync('sh', ['-n'], { input: `${mends.join('\n')}\n`, encoding: 'utf8' });
  if (status !== 0) throw new Error(`no shell takes this: ${mends.join('\n')}\n${stderr}`);
  return findings.map((finding) => {
    const said = `${finding.status}: ${finding.text}`;
    if (!('mend' in finding)) return said;
    return `${said} => ${finding.where === undefined ? '' : `(${finding.where}) `}${finding.mend}`;
  });
}
