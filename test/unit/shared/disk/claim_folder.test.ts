import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimFolder } from '../../../../shared/disk/claim_folder.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

let other: ChildProcess;
beforeEach(() => {
  other = spawn('sleep', ['60']);
});
afterEach(() => other.kill());

test('a folder that a living process has is not claimed, and the process is named', async () => {
  const folder = temporaryDir();
  await claimFolder(folder, other.pid as number);
  const before = readdirSync(folder);
  expect(before).toHaveLength(1);
  await expect(claimFolder(folder, process.pid)).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    message: `process ${other.pid} has ${folder} open`,
  });
  expect(readdirSync(folder)).toEqual(before);
});

test('what a killed process had is free, and nothing is left of it', async () => {
  const folder = temporaryDir();
  await claimFolder(folder, other.pid as number);
  other.kill('SIGKILL');
  await once(other, 'exit');
  await claimFolder(folder, process.pid);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(new RegExp(`^owner-${process.pid}-`))]);
});

test('of two that come at once, one at most gets it', async () => {
  const folder = temporaryDir();
  const claims = await Promise.allSettled([process.pid, other.pid as number].map((pid) => claimFolder(folder, pid)));
  expect(claims.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2);
});

test('what is given back is free, and other files are left alone', async () => {
  const folder = temporaryDir();
  writeFileSync(join(folder, 'ledger'), '');
  const release = await claimFolder(folder, process.pid);
  await release();
  expect(readdirSync(folder)).toEqual(['ledger']);
  await claimFolder(folder, other.pid as number);
});
