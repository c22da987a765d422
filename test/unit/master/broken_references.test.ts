import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { masterBrokenReferences } from '../../../master/broken_references.ts';
import { loadMasterConfig } from '../../../master/config.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

async function problems(lines: readonly string[], dir = temporaryDir()): Promise<readonly string[]> {
  writeFileSync(join(dir, 'master'), lines.join('\n'));
  return masterBrokenReferences(await loadMasterConfig({ configDir: dir, env: {} }));
}

test('what the configuration names and is there is no problem, and what is not needed neither', async () => {
  const dir = temporaryDir();
  writeFileSync(join(dir, 'a.sls'), '');
  writeFileSync(join(dir, 'passwords'), '');
  const lines = [
    'event_return: jsonl',
    `returners: {jsonl: {path: ${dir}/events}, postgres: {}}`,
    `file_roots: {base: ['${dir}']}`,
    `reactor: [{a: [${dir}/a.sls, '${dir}/*.sls', 'salt://a.sls']}]`,
    `external_auth: {file: {^filename: ${dir}/passwords, ann: [test.*]}}`,
  ];
  expect(await problems(lines, dir)).toEqual([]);
  expect(await problems([])).toEqual([]);
});

test('returners that there are not, are disabled or lack a setting are told', async () => {
  const lines = ['event_return: [jsnol, syslog]', 'ext_job_cache: http', 'disable_returners: [syslog]'];
  expect(await problems(lines)).toEqual([
    expect.stringMatching(/^returners: http: url: /),
    "there is no returner 'jsnol'; did you mean jsonl",
    "the returner 'syslog' is disabled; take it out of disable_returners",
  ]);
});

test('reactor files and password files that are not there are told', async () => {
  const dir = temporaryDir();
  const ldap = "{^url: 'ldaps://d', ^basedn: dc=x, ^binddn: cn=x, ^bindpw_file: /no/bind, ann: [test.*]}";
  const lines = [
    "reactor: [{a: [/no/a.sls]}, {b: ['salt://b.sls']}]",
    `external_auth: {file: {^filename: /no/passwords, ann: [test.*]}, ldap: ${ldap}}`,
  ];
  expect(await problems(lines, dir)).toEqual([
    'there is no reactor file /no/a.sls; mend the rule, or put the file there',
    'there is no reactor file salt://b.sls; put it below a directory of file_roots for the environment base',
    'external_auth: file: ^filename /no/passwords: there is no such file or directory',
    'external_auth: ldap: ^bindpw_file /no/bind: there is no such file or directory',
  ]);
});
