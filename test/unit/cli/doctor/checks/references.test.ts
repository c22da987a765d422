import { expect, test } from 'vitest';
import references from '../../../../../cli/doctor/checks/references.ts';
import { told } from '../../../../support/told_findings.ts';

const judge = (problems: readonly string[]) => told(references.judge({ file: '/etc/salt/master', problems }));

test('everything named that is there is well', () => {
  expect(judge([])).toEqual(['ok: no returner, reactor file or password file that the configuration names is missing']);
});

test('each thing named that cannot be used is mended in the configuration', () => {
  expect(
    judge(["there is no returner 'jsnol'; did you mean jsonl", 'there is no reactor file /a; mend the rule']),
  ).toEqual([
    "fail: there is no returner 'jsnol'; did you mean jsonl => vi /etc/salt/master",
    'fail: there is no reactor file /a; mend the rule => vi /etc/salt/master',
  ]);
});
