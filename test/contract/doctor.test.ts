import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AnyCheck, stages } from '../../cli/doctor/check.ts';
import { coreChecks } from '../../cli/doctor/doctor.ts';
import { type BareMachine, commandFor, type Role } from '../../cli/doctor/machine.ts';
import { runChecks } from '../../cli/doctor/run_checks.ts';
import { systemClock } from '../../shared/clock.ts';
import { pathsOf, writeConfig } from '../support/fleet_processes.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import { temporaryDir } from '../support/temporary_dir.ts';
import { told } from '../support/told_findings.ts';

const guide = readFileSync(join(repositoryRoot, 'docs/guide/doctor.md'), 'utf8');
const folder = coreChecks();
const checks = await Promise.all(
  folder.names.map(async (name) => [name, (await folder.load(name)) as AnyCheck] as const),
);

/** A machine on which nothing was ever started. */
function newMachine(role: Role): BareMachine {
  const dir = temporaryDir();
  writeConfig(dir, role, { ...pathsOf(dir), ...(role === 'minion' && { id: 'm1', master: '127.0.0.1:1' }) });
  const command = (...words: readonly string[]) => commandFor(dir, words);
  const machine = { role, configDir: dir, env: {}, hostname: 'm1', nodeVersion: process.versions.node };
  return { ...machine, clock: systemClock, command };
}

test('there are checks to walk', () => {
  expect(folder.names).toContain('tls_port');
});

/** What every check keeps, the next one too: nobody adds it to a list. */
describe.each(checks)('cli/doctor/checks/%s.ts', (name, check) => {
  test('says what it looks at, and belongs to a stage', () => {
    expect(check.summary).toMatch(/^[A-Z].*\.$/);
    expect(stages).toContain(check.stage);
    expect(Object.keys(check.look)).not.toEqual([]);
  });

  test('stands in the guide', () => {
    expect(guide).toContain(`\n| \`${name}\` | `);
  });

  test('has a test of its judgement', () => {
    expect(existsSync(join(repositoryRoot, 'test/unit/cli/doctor/checks', `${name}.test.ts`))).toBe(true);
  });

  test('finds its way on a machine on which nothing was ever started', async () => {
    for (const role of ['master', 'minion'] as const) {
      const isFor = check.look.any !== undefined || check.look[role] !== undefined;
      const found = await runChecks(newMachine(role), { checks: folder, names: [name], isQuick: false });
      expect(found.length > 0, role).toBe(isFor);
      for (const line of told(found)) expect(line).not.toMatch(/undefined|\[object|could not be looked at|\.$/);
    }
  });
});
