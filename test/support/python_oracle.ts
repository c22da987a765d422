import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const python = '/usr/bin/python3';

/** Is there a Python with Jinja2 and PyYAML to compare with? In CI there must be one. */
export const hasOracle: boolean =
  process.env.CI === 'true' || spawnSync(python, ['-c', 'import jinja2, yaml']).status === 0;

/** The answers of a script of test/render/oracle to a list of requests. */
export function askOracle<Answer>(script: string, requests: readonly unknown[]): Answer[] {
  const path = fileURLToPath(new URL(`../render/oracle/${script}`, import.meta.url));
  const result = spawnSync(python, [path], { input: JSON.stringify(requests), encoding: 'utf8', maxBuffer: 2 ** 29 });
  if (result.status !== 0) throw new Error(`${script} failed: ${result.stderr}`);
  return JSON.parse(result.stdout) as Answer[];
}
