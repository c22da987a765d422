import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AnyCheck, defineCheck, type Finding, ok } from '../../../../cli/doctor/check.ts';
import { commandFor, type Role } from '../../../../cli/doctor/machine.ts';
import { runChecks } from '../../../../cli/doctor/run_checks.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { FleetError } from '../../../../shared/errors.ts';
import type { PluginFolder } from '../../../../shared/plugin/load_folder.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const folderOf = (checks: Readonly<Record<string, AnyCheck>>): PluginFolder<AnyCheck> => ({
  names: Object.keys(checks).sort(),
  load: async (name) => checks[name],
  rescan: () => undefined,
});
const about = { summary: 'A check.', judge: (found: readonly Finding[]) => found } as const;
const seen = async () => [ok('seen')];
const failing = (error: unknown) =>
  defineCheck({ ...about, stage: 'machine', gather: { any: () => Promise.reject(error) } });

function run(
  checks: Readonly<Record<string, AnyCheck>>,
  options: { readonly role?: Role; readonly config?: string; readonly isQuick?: boolean } = {},
) {
  const { role = 'master', config = '', isQuick = false } = options;
  const configDir = temporaryDir();
  writeFileSync(join(configDir, role), config);
  const machine = { role, configDir, env: {}, hostname: 'm1', nodeVersion: '20.19.0', clock: systemClock };
  const command = (...words: readonly string[]) => commandFor('/etc/salt', words);
  return runChecks({ ...machine, command }, { checks: folderOf(checks), isQuick });
}

test('checks are told in the order of what rests on what, each for its kind of machine', async () => {
  const checks = {
    a_late: defineCheck({ ...about, stage: 'traffic', gather: { master: seen } }),
    b_minion: defineCheck({ ...about, stage: 'daemon', gather: { minion: seen } }),
    c_both: defineCheck({ ...about, stage: 'daemon', gather: { master: seen, minion: seen } }),
    d_early: defineCheck({ ...about, stage: 'machine', gather: { any: seen } }),
  };
  const onMaster = await run(checks);
  expect(onMaster.map(({ check }) => check)).toEqual(['d_early', 'c_both', 'a_late']);
  const onMinion = await run(checks, { role: 'minion', config: 'id: m1' });
  expect(onMinion.map(({ check, role }) => [check, role])).toEqual([
    ['d_early', 'minion'],
    ['b_minion', 'minion'],
    ['c_both', 'minion'],
  ]);
});

test('a quick look leaves out what may wait for the network', async () => {
  const checks = {
    far: defineCheck({ ...about, stage: 'network', asksNetwork: true, gather: { master: seen } }),
    near: defineCheck({ ...about, stage: 'network', gather: { master: seen } }),
  };
  expect((await run(checks, { isQuick: true })).map(({ check }) => check)).toEqual(['near']);
});

test('a configuration that cannot be read leaves the checks that need none', async () => {
  const checks = {
    any: defineCheck({ ...about, stage: 'machine', gather: { any: seen } }),
    master: defineCheck({ ...about, stage: 'machine', gather: { master: seen } }),
    minion: defineCheck({ ...about, stage: 'machine', gather: { minion: seen } }),
  };
  expect(await run(checks, { config: 'no_such_key: 1' })).toEqual([
    { role: 'master', check: 'any', status: 'ok', text: 'seen' },
    { role: 'master', check: 'master', status: 'skip', text: 'needs a configuration that can be read' },
  ]);
});

test('what this user may not look at, and what breaks, harms one check alone', async () => {
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  const unreadable = new FleetError('FILE_UNREADABLE', 'x cannot be read', { cause: denied });
  const away = new FleetError('MASTER_UNREACHABLE', 'the master went away', { hint: 'salt doctor' });
  const found = await run({
    a: failing(denied),
    b: failing(unreadable),
    c: failing(new TypeError('x is not a function')),
    d: failing(away),
    e: defineCheck({ ...about, stage: 'machine', gather: { any: seen } }),
  });
  const forbidden = { status: 'warn', text: 'this user may not look at it', mend: 'sudo salt doctor' };
  expect(found).toEqual([
    { role: 'master', check: 'a', ...forbidden },
    { role: 'master', check: 'b', ...forbidden },
    {
      role: 'master',
      check: 'c',
      status: 'fail',
      text: 'could not be looked at: TypeError: x is not a function',
      mend: '# report this line: it tells of a bug',
    },
    {
      role: 'master',
      check: 'd',
      status: 'fail',
      text: 'could not be looked at: the master went away',
      mend: 'salt doctor',
    },
    { role: 'master', check: 'e', status: 'ok', text: 'seen' },
  ]);
});
