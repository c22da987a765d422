import { expect, test } from 'vitest';
import openFiles from '../../../../../cli/doctor/checks/open_files.ts';
import { told } from '../../../../support/told_findings.ts';

const facts = { needed: 164, planned: 5064, reason: 'max_minions 5000' };
const judge = (filesMax?: number, filesOpen?: number, pid: number | undefined = 7) =>
  told(
    openFiles.judge({
      ...facts,
      daemon: {
        name: 'salt-master',
        ...(pid > 0 && { pid }),
        ...(filesMax !== undefined && { filesMax }),
        ...(filesOpen !== undefined && { filesOpen }),
      },
    }),
  );
const mend = (files: number) =>
  `prlimit --pid 7 --nofile=${files}:${files}  # for the next start: LimitNOFILE=${files} in the unit of salt-master`;

test('as many files as the fleet may come to need are well', () => {
  expect(judge(65_536, 150)).toEqual(['ok: salt-master may open 65536 files, 150 are open']);
  expect(judge(Number.POSITIVE_INFINITY)).toEqual(['ok: salt-master may open any number of files']);
});

test('fewer than the accepted minions need are a problem, fewer than max_minions a warning', () => {
  expect(judge(100, 90)).toEqual([
    `fail: salt-master may open 100 files and needs 164 for max_minions 5000, 90 are open => ${mend(10_128)}`,
  ]);
  expect(judge(1024)).toEqual([
    `warn: salt-master may open 1024 files and would need 5064 for max_minions 5000 => ${mend(10_128)}`,
  ]);
});

test('a limit that is nearly reached is a warning, however it came to that', () => {
  expect(judge(20_000, 18_000)).toEqual([
    `warn: salt-master has 18000 of the 20000 files open that it may => ${mend(72_000)}`,
  ]);
});

test('nothing is said of a process that is not there or not told of', () => {
  expect(judge(1024, 1, 0)).toEqual(['skip: salt-master does not answer']);
  expect(judge()).toEqual(['skip: the limits of process 7 cannot be read']);
});
