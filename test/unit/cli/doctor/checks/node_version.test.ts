import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import nodeVersion from '../../../../../cli/doctor/checks/node_version.ts';
import { repositoryRoot } from '../../../../support/source_tree.ts';
import { told } from '../../../../support/told_findings.ts';

test('what package.json asks for is well, and what is before it is not', () => {
  const { engines } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  const needed = String(engines.node).replace('>=', '');
  expect(told(nodeVersion.judge(needed))).toEqual([`ok: Node ${needed}`]);
  expect(told(nodeVersion.judge('24.0.1'))).toEqual(['ok: Node 24.0.1']);
  for (const old of ['18.20.0', '20.18.3']) {
    expect(told(nodeVersion.judge(old))[0]).toMatch(
      new RegExp(`^fail: Node ${old} is too old: 20\\.19 or newer is needed => apt-get install nodejs`),
    );
  }
});
