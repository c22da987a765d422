import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Journal, openJournal } from '../../../../minion/jobs/outbox_journal.ts';
import { encodeRecord, type OutboxRecord } from '../../../../minion/jobs/outbox_record.ts';
import { createLogger } from '../../../../shared/log.ts';

let directory: string;
let path: string;
let lines: string[];
let opened: Journal[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brine-journal-'));
  path = join(directory, 'journal');
  lines = [];
  opened = [];
});
afterEach(async () => {
  for (const journal of opened) await journal.close().catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
});

const STALE = 300;
const reopen = async (): Promise<Journal> => {
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => lines.push(line) }], () => 0);
  const journal = await openJournal({ path, staleBytes: STALE, staleBytesMax: 4 * STALE, log });
  opened.push(journal);
  return journal;
};
const record = (sequence: number, payload: Uint8Array = Buffer.from(`payload ${sequence}`)) =>
  ({ kind: sequence % 2 === 0 ? 'return' : 'event', sequence, topic: `t/é${sequence}`, payload }) as const;
const sequences = (journal: Journal): number[] => journal.found.map(({ sequence }) => sequence);
const read = async (journal: Journal, sequence: number): Promise<OutboxRecord> => {
  const { payload, ...rest } = await journal.read(sequence);
  return { ...rest, payload: Buffer.from(payload) };
};

test('what was added is there after a kill, byte for byte, and what was removed is not', async () => {
  const journal = await reopen();
  await Promise.all([1, 2, 3].map((sequence) => journal.add(record(sequence))));
  journal.remove(2);
  await journal.add(record(4, Buffer.from([0, 10, 255, 0])));
  const again = await reopen();
  expect(again.found).toEqual(
    [1, 3, 4].map((sequence) => ({
      kind: record(sequence).kind,
      sequence,
      topic: `t/é${sequence}`,
      payloadBytes: sequence === 4 ? 4 : 9,
    })),
  );
  expect(await read(again, 4)).toEqual(record(4, Buffer.from([0, 10, 255, 0])));
  expect(await read(again, 1)).toEqual(record(1));
});

test('what is removed before it is written never comes back', async () => {
  const journal = await reopen();
  const added = [1, 2].map((sequence) => journal.add(record(sequence)));
  journal.remove(1);
  await Promise.all(added);
  const under = journal.add(record(3));
  // One turn later its write has begun.
  await Promise.resolve();
  journal.remove(3);
  await under;
  await journal.close();
  expect(sequences(await reopen())).toEqual([2]);
});

test('what is removed is soon on its way to the file, without anything that is added', async () => {
  const journal = await reopen();
  await journal.add(record(1));
  journal.remove(1);
  await journal.close();
  expect(sequences(await reopen())).toEqual([]);
});

test('a file that is mostly done with is written anew, and what waits is read from its new place', async () => {
  const journal = await reopen();
  await journal.add(record(1));
  for (let sequence = 2; sequence < 60; sequence++) {
    await journal.add(record(sequence));
    journal.remove(sequence);
  }
  await journal.add(record(60));
  expect(await read(journal, 1)).toEqual(record(1));
  expect(await read(journal, 60)).toEqual(record(60));
  await journal.close();
  expect((await stat(path)).size).toBeLessThan(3 * STALE);
  expect(sequences(await reopen())).toEqual([1, 60]);
});

test('a file that was being written anew when the process was killed does not count', async () => {
  const journal = await reopen();
  await journal.add(record(1));
  await writeFile(`${path}.new`, encodeRecord(record(9)).subarray(0, 20));
  const again = await reopen();
  expect(sequences(again)).toEqual([1]);
  for (let sequence = 2; sequence < 60; sequence++) {
    await again.add(record(sequence));
    again.remove(sequence);
  }
  await again.close();
  expect(sequences(await reopen())).toEqual([1]);
});

test('a file that cannot be written anew is kept, said so, and loses nothing', async () => {
  const journal = await reopen();
  for (let sequence = 1; sequence <= 3; sequence++) await journal.add(record(sequence));
  await rm(directory, { recursive: true });
  for (let sequence = 4; sequence < 40; sequence++) {
    await journal.add(record(sequence));
    journal.remove(sequence);
  }
  await journal.add(record(40));
  expect(lines.some((line) => line.includes('the outbox cannot be written anew'))).toBe(true);
  expect(await read(journal, 2)).toEqual(record(2));
  expect(await read(journal, 40)).toEqual(record(40));
});

test('an entry that is damaged on disk costs no other, and is told', async () => {
  const journal = await reopen();
  for (const sequence of [1, 2, 3]) await journal.add(record(sequence));
  await journal.close();
  const bytes = await readFile(path);
  const place = bytes.indexOf('payload 2');
  bytes.write('PAYLOAD', place);
  await writeFile(path, bytes);
  const again = await reopen();
  expect(sequences(again)).toEqual([1, 3]);
  expect(await read(again, 3)).toEqual(record(3));
  await again.add(record(4));
  expect(lines).toEqual([expect.stringContaining('a part of the outbox is damaged and lost')]);
  await again.close();
  expect(sequences(await reopen())).toEqual([1, 3, 4]);
});

test('an entry whose bytes changed on disk is not handed out', async () => {
  const journal = await reopen();
  await journal.add(record(1));
  const bytes = await readFile(path);
  bytes[20] = (bytes[20] as number) ^ 1;
  await writeFile(path, bytes);
  await expect(journal.read(1)).rejects.toThrow('entry 1 is not whole');
  await reopen();
  expect(lines).toEqual([expect.stringContaining('the end of the outbox is not whole and is dropped')]);
});

type Step = { readonly what: 'add'; readonly bytes: number } | { readonly what: 'remove'; readonly index: number };
const steps = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant('add' as const), bytes: fc.nat(200) }),
    fc.record({ what: fc.constant('remove' as const), index: fc.nat(20) }),
  ),
  { maxLength: 15 },
);
/** What a power cut leaves of the bytes since the last flush: a share of them, then noise. */
const cut = fc.record({ kept: fc.double({ min: 0, max: 1, noNaN: true }), noise: fc.uint8Array({ maxLength: 40 }) });
/** From one start of a process to the next. */
interface Life {
  readonly early: readonly Step[];
  readonly end: 'stop' | 'kill' | 'power cut';
  /** Only before a power cut, which may undo it. */
  readonly late: readonly Step[];
  readonly cut: { readonly kept: number; readonly noise: Uint8Array };
}
const life: fc.Arbitrary<Life> = fc.record({
  early: steps,
  end: fc.constantFrom('stop', 'kill', 'power cut'),
  late: steps,
  cut,
});

/** Does the steps; resolves to all entries that were there at any time. */
async function play(
  journal: Journal,
  model: Map<number, Buffer>,
  list: readonly Step[],
  next: () => number,
): Promise<Map<number, Buffer>> {
  const all = new Map(model);
  await Promise.all(
    list.map((step) => {
      if (step.what === 'add') {
        const sequence = next();
        const payload = Buffer.alloc(step.bytes, sequence);
        model.set(sequence, payload);
        all.set(sequence, payload);
        return journal.add(record(sequence, payload));
      }
      const sequence = [...model.keys()][step.index];
      if (sequence === undefined) return undefined;
      model.delete(sequence);
      return journal.remove(sequence);
    }),
  );
  return all;
}

/** The file as a power cut leaves it: all that was there before, and some of what came since. */
function cutPower(before: Buffer, after: Buffer, { kept, noise }: { kept: number; noise: Uint8Array }): Buffer {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  // Not of the zeros ahead.
  const end = Math.max(same, after.findLastIndex((byte) => byte !== 0) + 1);
  const length = same + Math.floor((end - same) * kept);
  return Buffer.concat([after.subarray(0, length), noise, Buffer.alloc(50)]);
}

test('whenever it is killed or loses power, what was added and not removed is there, whole and in order', async () => {
  const check = async (lives: readonly Life[]): Promise<void> => {
    await rm(path, { force: true });
    let last = 0;
    let journal = await reopen();
    /** Entries that must be there, and those that may be. */
    let sure = new Map<number, Buffer>();
    for (const { early, end, late, cut } of lives) {
      const possible = await play(journal, sure, early, () => ++last);
      const before = await readFile(path);
      const { ino } = await stat(path);
      if (end === 'power cut') {
        const later = new Map(sure);
        for (const [sequence, payload] of await play(journal, later, late, () => ++last))
          possible.set(sequence, payload);
        for (const sequence of sure.keys()) if (!later.has(sequence)) sure.delete(sequence);
      }
      const now = await readFile(path);
      // A file that was written anew is flushed as a whole.
      const isCut = end === 'power cut' && (await stat(path)).ino === ino;
      await journal.close();
      if (end !== 'stop') await writeFile(path, isCut ? cutPower(before, now, cut) : now);
      journal = await reopen();
      const found = sequences(journal);
      expect(found).toEqual([...found].sort((a, b) => a - b));
      for (const sequence of sure.keys()) expect(found).toContain(sequence);
      if (end === 'stop') expect(found).toHaveLength(sure.size);
      sure = new Map();
      for (const sequence of found) {
        const payload = Buffer.from((await journal.read(sequence)).payload);
        expect(possible.get(sequence)).toEqual(payload);
        sure.set(sequence, payload);
      }
    }
    await journal.close();
  };
  await fc.assert(fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), check), { numRuns: 60 });
});
