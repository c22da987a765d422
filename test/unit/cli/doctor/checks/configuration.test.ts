import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import configuration from '../../../../../cli/doctor/checks/configuration.ts';
import type { BareMachine } from '../../../../../cli/doctor/machine.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { temporaryDir } from '../../../../support/temporary_dir.ts';
import { told } from '../../../../support/told_findings.ts';

const facts = { file: '/etc/salt/master', isThere: true, problems: [], again: 'salt doctor' };
const judge = (...problems: string[]) => told(configuration.judge({ ...facts, problems }));

test('a valid configuration is well, and so is none', () => {
  expect(judge()).toEqual(['ok: /etc/salt/master is valid']);
  expect(told(configuration.judge({ ...facts, isThere: false }))).toEqual([
    'ok: there is no /etc/salt/master: every setting has its default',
  ]);
});

test('a mistyped key is mended by the nearest one, in its file and line', () => {
  expect(judge("/etc/salt/master.d/a.conf:3: unknown key 'tls_prot'; did you mean 'tls_port'?")).toEqual([
    "fail: /etc/salt/master.d/a.conf:3: unknown key 'tls_prot'; did you mean 'tls_port'? => sed -i '3s/tls_prot/tls_port/' /etc/salt/master.d/a.conf",
  ]);
});

test.each([
  ['/etc/salt/master:7: timeout is "soon", expected seconds', 'vi +7 /etc/salt/master'],
  ['/etc/salt/master:7:4: not valid YAML: bad indentation', 'vi +7 /etc/salt/master'],
  ['/etc/salt/master: is not a mapping of keys to values', 'vi /etc/salt/master'],
  ['/etc/salt/master: cannot be read: permission denied', 'sudo salt doctor'],
  ['SALT_TLS_PORT: tls_port is "high", expected a whole number', 'unset SALT_TLS_PORT'],
  ['the host name: "a b" cannot be a minion id', 'vi /etc/salt/master'],
])('%s is mended by %s', (problem, mend) => expect(judge(problem)).toEqual([`fail: ${problem} => ${mend}`]));

test('all that is wrong in a real file is told, each with its mend', async () => {
  const configDir = temporaryDir();
  writeFileSync(join(configDir, 'minion'), 'mastr: salt\nkeepalive_seconds: 1\n');
  const machine = { role: 'minion', configDir, env: {}, hostname: 'm1', clock: systemClock } as const;
  const bare: BareMachine = { ...machine, nodeVersion: '20.19.0', command: (...words) => words.join(' ') };
  const findings = told((await configuration.look.any?.(bare)) ?? []);
  expect(findings).toEqual([
    `fail: ${configDir}/minion:1: unknown key 'mastr'; did you mean 'master'? => sed -i '1s/mastr/master/' ${configDir}/minion`,
    expect.stringMatching(/minion:2: keepalive_seconds is 1, expected .* => vi \+2 /),
  ]);
});
