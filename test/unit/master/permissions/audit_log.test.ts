import { type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openAuditLog } from '../../../../master/permissions/audit_log.ts';
import { findEnd, hashOf, verifyAuditLog } from '../../../../master/permissions/verify_audit_log.ts';
import { createLogger, silentLogger } from '../../../../shared/log.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

let path: string;
let logged: string[];
beforeEach(() => {
  path = join(temporaryDir(), 'audit');
  logged = [];
});

async function write(...users: string[]): Promise<void> {
  const log = createLogger([{ level: 'error', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const audit = await openAuditLog(path, fakeClock(), log);
  for (const user of users) audit.write({ user, fun: 'test.ping', allowed: true });
  await audit.verified;
  await audit.close();
}

const lines = async (): Promise<string[]> => (await readFile(path, 'utf8')).trimEnd().split('\n');

test('entries are chained, also over a restart', async () => {
  await write('alice', 'bob');
  await write('carol');
  const verified = await verifyAuditLog(path);
  expect(verified).toEqual({ entries: 3, head: JSON.parse((await lines())[2] ?? '').hash });
  expect((await lines()).map((line) => [JSON.parse(line).n, JSON.parse(line).user])).toEqual([
    [1, 'alice'],
    [2, 'bob'],
    [3, 'carol'],
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(logged).toEqual([]);
});

test.each<[string, (all: string[]) => string[], number, string]>([
  ['changed', (all) => all.with(1, (all[1] ?? '').replace('bob', 'eve')), 2, 'it was changed'],
  ['removed', (all) => all.toSpliced(1, 1), 2, 'the line before it was changed, removed or added'],
  ['added', (all) => all.toSpliced(1, 0, all[0] ?? ''), 2, 'the line before it was changed, removed or added'],
  ['cut off', (all) => all.with(2, (all[2] ?? '').slice(0, 20)), 3, 'it is not a whole entry'],
])('a line that was %s is found', async (_how, change, line, why) => {
  await write('alice', 'bob', 'carol');
  await writeFile(path, `${change(await lines()).join('\n')}\n`);
  expect((await verifyAuditLog(path)).broken).toEqual({ line, why });
  await write('dave');
  expect(logged).toEqual([expect.stringContaining('the audit log was changed')]);
});

test.each<[string, (all: string[]) => string[]]>([
  ['without its end', (all) => all.slice(0, 1)],
  ['written anew', (all) => [...all.slice(0, 1), chained(all[0] ?? '', 'eve')]],
  ['empty', () => []],
])('a file that is put in the place of an open one is found: %s', async (_how, change) => {
  const audit = await openAuditLog(path, fakeClock(), silentLogger);
  for (const user of ['alice', 'bob']) audit.write({ user });
  expect((await audit.verify()).broken).toBeUndefined();
  const others = change(await lines());
  await rm(path);
  await writeFile(path, others.map((line) => `${line}\n`).join(''));
  expect(await audit.verify()).toMatchObject({
    entries: others.length,
    broken: { line: others.length + 1, why: 'what this master wrote is not there' },
  });
  await audit.close();
});

/** A line that follows the given one, as whoever may write the file can make it. */
function chained(line: string, user: string): string {
  const { n, hash } = JSON.parse(line);
  const body = JSON.stringify({ n: n + 1, user, prev: hash });
  return `${body.slice(0, -1)},"hash":"${hashOf(body)}"}`;
}

test('an entry goes on where the last whole one ended, on a line of its own', async () => {
  await write('alice', 'bob');
  await writeFile(path, `${(await lines()).join('\n')}\n{"n":3,"at":"20`);
  await write('dave');
  expect(logged).toEqual([expect.stringMatching(/the audit log was changed.*line.*3.*it is not a whole entry/)]);
  const all = await lines();
  expect(all).toHaveLength(4);
  expect(JSON.parse(all[3] ?? '')).toMatchObject({ n: 4, user: 'dave', prev: JSON.parse(all[1] ?? '').hash });
});

test('what is written while the file is verified is no change of it', async () => {
  await write('alice', 'bob');
  const audit = await openAuditLog(path, fakeClock(), silentLogger);
  for (let n = 0; n < 1000; n++) audit.write({ user: `user${n}` });
  await audit.verified;
  await audit.close();
  expect(await verifyAuditLog(path)).toMatchObject({ entries: 1002 });
  expect((await verifyAuditLog(path)).broken).toBeUndefined();
});

test('the start reads no more than the end, however long the file is', async () => {
  await write('alice');
  const [line = ''] = await lines();
  await writeFile(path, `${`${'x'.repeat(1000)}\n`.repeat(3000)}${line}\n`);
  expect(await findEnd(path)).toMatchObject({ entries: 1, head: JSON.parse(line).hash, isTorn: false });
  await writeFile(path, `${line}\n${`${'x'.repeat(1000)}\n`.repeat(3000)}`);
  expect(await findEnd(path)).toMatchObject({ entries: 3001, head: JSON.parse(line).hash });
});

test('a log that is closed while it is verified says nothing of it', async () => {
  await write(...Array.from({ length: 2000 }, (_, n) => `user${n}`));
  const audit = await openAuditLog(
    path,
    fakeClock(),
    createLogger([{ level: 'error', format: 'text', write: (line) => logged.push(line) }], () => 0),
  );
  await audit.close();
  await audit.verified;
  expect(logged).toEqual([]);
});

test('a file that is not there has no entries', async () => {
  expect(await verifyAuditLog(path)).toEqual({ entries: 0, head: '0'.repeat(64) });
});

/** From now on, until `free`, the disk takes twenty bytes of what is appended and is full. */
async function fillDisk() {
  const handle = await open(path, 'a');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const spy = vi.spyOn(prototype, 'appendFile').mockImplementation(async function (this: FileHandle, data) {
    await this.write(Buffer.from(data as Uint8Array).subarray(0, 20));
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  });
  onTestFinished(() => spy.mockRestore());
  return { free: () => spy.mockRestore() };
}

test('what a full disk does not take waits and is written later, and no line is spoilt', async () => {
  const clock = fakeClock();
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], () => 0);
  const audit = await openAuditLog(path, clock, log);
  onTestFinished(() => audit.close());
  audit.write({ user: 'alice' });
  await audit.verify();
  const disk = await fillDisk();
  audit.write({ user: 'bob' });
  expect(await audit.verify()).toEqual({ entries: 1, head: JSON.parse((await lines())[0] ?? '').hash });
  audit.write({ user: 'carol' });
  await audit.verify();
  disk.free();
  clock.advance(1000);
  expect(await audit.verify()).toEqual({ entries: 3, head: JSON.parse((await lines())[2] ?? '').hash });
  expect(logged).toEqual([
    expect.stringMatching(/the audit log cannot be written .*the disk is full/),
    expect.stringMatching(/the audit log is written again .*lost=0/),
  ]);
});

test('what is too much to wait is counted, and an entry tells of it', async () => {
  const clock = fakeClock();
  const audit = await openAuditLog(path, clock, silentLogger);
  onTestFinished(() => audit.close());
  const disk = await fillDisk();
  for (let n = 0; n < 7; n++) audit.write({ user: 'alice', arg: 'x'.repeat(1024 ** 2) });
  await audit.verify();
  disk.free();
  clock.advance(1000);
  expect((await audit.verify()).broken).toBeUndefined();
  const entries = (await lines()).map((line) => JSON.parse(line));
  expect(entries.map(({ user }) => user)).toEqual([...Array(4).fill('alice'), undefined]);
  expect(entries.at(-1)).toMatchObject({ n: 5, op: 'audit', lost: 3 });
});
