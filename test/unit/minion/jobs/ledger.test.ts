import { appendFile, mkdir, mkdtemp, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLedger, parseLedger } from '../../../../minion/jobs/ledger.ts';
import { createLogger } from '../../../../shared/log.ts';
import { limitFileSize } from '../../../support/file_size_limit.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-ledger-'));
  path = join(directory, 'ledger');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const NOW = 1_000_000;
const logged: string[] = [];
const log = createLogger([{ level: 'warning', format: 'text', write: (line) => logged.push(line) }], () => 0);
const openAt = (now: number = NOW) => openLedger(path, () => now, log);
const jid = (number: number): string => String(number).padStart(20, '0');

test('what was accepted is known, also after the process was killed', async () => {
  const ledger = await openAt();
  expect(ledger.has(jid(1))).toBe(false);
  await ledger.accept(jid(1), NOW + 5);
  expect(ledger.has(jid(1))).toBe(true);
  // Killed: nothing is closed.
  const again = await openAt();
  expect(again.has(jid(1))).toBe(true);
  await Promise.all([ledger.close(), again.close()]);
});

test('what was accepted and not finished is interrupted, once', async () => {
  const ledger = await openAt();
  for (const number of [1, 2, 3]) await ledger.accept(jid(number), NOW + 5);
  ledger.finish(jid(2));
  await ledger.close();
  const again = await openAt();
  expect(again.interrupted.map((job) => job.jid)).toEqual([jid(1), jid(3)]);
  for (const interrupted of again.interrupted) again.finish(interrupted.jid);
  await again.close();
  const third = await openAt();
  expect(third.interrupted).toEqual([]);
  expect(third.has(jid(1))).toBe(true);
  await third.close();
});

test('what the return of a job of the minion itself needs is known when it was interrupted', async () => {
  const own = { fun: 'test.echo', fun_args: ['a b', 'c\nd'], schedule: 'every morning', metadata: { team: 'ops' } };
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW + 5, own);
  await ledger.accept(jid(2), NOW + 5, null);
  await ledger.accept(jid(3), NOW + 5);
  await ledger.accept(jid(4), NOW + 5, own);
  ledger.finish(jid(4));
  await ledger.close();
  // Written anew when it is opened, with what nobody has reported yet.
  await (await openAt()).close();
  const again = await openAt();
  expect(again.interrupted).toEqual([
    { jid: jid(1), own },
    { jid: jid(2), own: null },
    { jid: jid(3), own: undefined },
  ]);
  await again.close();
});

test('a line that a power cut tore was never acknowledged and is dropped', async () => {
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW + 5);
  await ledger.close();
  await appendFile(path, `+ ${jid(2)} 10000`);
  const again = await openAt();
  expect([again.has(jid(1)), again.has(jid(2))]).toEqual([true, false]);
  await again.accept(jid(3), NOW + 5);
  await again.close();
  const third = await openAt();
  expect([jid(1), jid(2), jid(3)].map((one) => third.has(one))).toEqual([true, false, true]);
  await third.close();
});

test.each(['', 'not a ledger', '+', `- ${jid(9)}`])('reads %j without a job', (line) => {
  expect([...parseLedger([line])].filter(([one]) => one !== '')).toEqual([]);
});

test('when a bit of it is flipped, no job is forgotten, and it is told', async () => {
  const own = { fun: 'test.echo', fun_args: ['ä'] };
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW + 5);
  ledger.finish(jid(1));
  await ledger.accept(jid(2), NOW + 5, own);
  await ledger.accept(jid(3), NOW + 5);
  await ledger.close();
  const whole = await readFile(path);
  for (let bit = 0; bit < whole.length * 8; bit += 13) {
    const damaged = Buffer.from(whole);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await writeFile(path, damaged);
    const again = await openAt();
    expect(
      [1, 2, 3].map((number) => again.has(jid(number))),
      `bit ${bit}`,
    ).toEqual([true, true, true]);
    expect(again.interrupted).toEqual([
      { jid: jid(2), own },
      { jid: jid(3), own: undefined },
    ]);
    await again.close();
    expect(await readFile(path, 'utf8')).toBe(whole.toString());
  }
  expect(logged).toContainEqual(expect.stringContaining('the ledger of jobs was damaged and is set right'));
});

test('a part that is damaged beyond that is told, and costs no other job', async () => {
  const ledger = await openAt();
  for (const number of [1, 2, 3]) await ledger.accept(jid(number), NOW + 5);
  await ledger.close();
  const damaged = await readFile(path);
  damaged.fill(0, damaged.indexOf(jid(2)), damaged.indexOf(jid(2)) + 10);
  await writeFile(path, damaged);
  const again = await openAt();
  expect([1, 2, 3].map((number) => again.has(jid(number)))).toEqual([true, false, true]);
  expect(logged.at(-1)).toMatch(/a part of the ledger of jobs is damaged, and what it held may run again .*bytes=\d+/);
  await again.close();
});

test('what a crash left beside the file is not in the way', async () => {
  await writeFile(`${path}.new`, 'half');
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW);
  await ledger.close();
  expect(await readFile(path, 'utf8')).toContain(jid(1));
});

test('what expired long ago is forgotten, what was not finished never', async () => {
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW);
  await ledger.accept(jid(2), NOW);
  await ledger.accept(jid(3), NOW + 86_400);
  ledger.finish(jid(1));
  ledger.finish(jid(3));
  await ledger.close();
  const later = await openAt(NOW + 3601);
  expect([jid(1), jid(2), jid(3)].map((one) => later.has(one))).toEqual([false, true, true]);
  await later.close();
});

test('a copy of a job that expired within the last hour is still known', async () => {
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW);
  ledger.finish(jid(1));
  await ledger.close();
  const later = await openAt(NOW + 3600);
  expect(later.has(jid(1))).toBe(true);
  await later.close();
});

test('the file is written anew before it is long, and keeps what did not expire', async () => {
  let now = NOW;
  const ledger = await openLedger(path, () => now, log);
  await ledger.accept(jid(999_999), NOW + 86_400);
  await Promise.all(Array.from({ length: 3000 }, (_, number) => ledger.accept(jid(number), NOW)));
  for (let number = 0; number < 3000; number++) ledger.finish(jid(number));
  now = NOW + 7200;
  await ledger.accept(jid(5000), now + 5);
  const lines = (await readFile(path, 'utf8')).split('\n');
  expect(lines.length).toBeLessThan(10);
  await ledger.accept(jid(5001), now + 5);
  await ledger.close();
  const again = await openLedger(path, () => now, log);
  expect([0, 999_999, 5000, 5001].map((number) => again.has(jid(number)))).toEqual([false, true, true, true]);
  await again.close();
});

test('a file that cannot be written anew costs no job, and is told', async () => {
  const ledger = await openAt();
  await mkdir(`${path}.new`);
  await Promise.all(Array.from({ length: 3000 }, (_, number) => ledger.accept(jid(number), NOW)));
  for (let number = 0; number < 3000; number++) ledger.finish(jid(number));
  await ledger.accept(jid(5000), NOW + 5);
  await ledger.accept(jid(5001), NOW + 5);
  expect(logged.filter((line) => line.includes('the ledger of jobs cannot be written anew'))).toHaveLength(1);
  await ledger.close();
  await rmdir(`${path}.new`);
  const again = await openAt();
  expect(again.interrupted.map((job) => job.jid)).toEqual([jid(5000), jid(5001)]);
  await again.close();
});

test('that a job ended is written later when the disk was full', async () => {
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW + 5);
  await ledger.close();
  const full = await openAt();
  const [job] = full.interrupted;
  full.finish(job?.jid ?? '');
  const allow = limitFileSize(0);
  await expect(full.accept(jid(2), NOW + 5)).rejects.toThrow('EFBIG');
  allow();
  await full.close();
  const again = await openAt();
  expect(again.interrupted).toEqual([]);
  await again.close();
});

test('a job whose line could not be written was not taken', async () => {
  const ledger = await openAt();
  await ledger.accept(jid(1), NOW);
  await ledger.close();
  await expect(ledger.accept(jid(2), NOW)).rejects.toThrow();
  expect(ledger.has(jid(2))).toBe(false);
});

test('the file is for its owner alone', async () => {
  const ledger = await openAt();
  const file = await open(path);
  expect((await file.stat()).mode & 0o777).toBe(0o600);
  await file.close();
  await ledger.close();
});
