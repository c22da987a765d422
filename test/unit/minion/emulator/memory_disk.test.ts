import { expect, test } from 'vitest';
import { createMemoryLedgers, createMemoryOutboxFolder } from '../../../../minion/emulator/memory_disk.ts';

test('a ledger in memory knows what it took until no copy of it can come any more', async () => {
  let now = 1000;
  const ledger = createMemoryLedgers(1, () => now)(0);
  await ledger.accept('old', 1010);
  for (let n = 0; n < 4095; n++) await ledger.accept(`j${n}`, 900_000);
  now = 1010 + 3601;
  expect(ledger.has('old')).toBe(true);
  await ledger.accept('one more', 900_000);
  expect(ledger.has('old')).toBe(false);
  expect(ledger.has('j0')).toBe(true);
});

test('each of many ledgers in memory knows what it took itself, and until the latest time that any heard of', async () => {
  let now = 1000;
  const ledgerOf = createMemoryLedgers(20, () => now);
  const [first, ninth, last] = [ledgerOf(0), ledgerOf(8), ledgerOf(19)];
  await first.accept('j', 1010);
  await last.accept('j', 2000);
  expect([first, ninth, last].map((ledger) => ledger.has('j'))).toEqual([true, false, true]);
  now = 1010 + 3601;
  for (let n = 0; n < 4097; n++) await ninth.accept(`j${n}`, 900_000);
  expect([first.has('j'), ninth.has('j'), ninth.has('j0'), first.has('j0')]).toEqual([true, false, true, false]);
});

test('an outbox in memory gives back packets and pieces of values until they are removed', async () => {
  const folder = createMemoryOutboxFolder();
  const packet = { topic: 'salt/ret/1/m1', payload: new Uint8Array([1]), qos: 1, retain: false } as const;
  await folder.write('return', 7, packet, new Uint8Array([1, 2, 3, 4]));
  expect(await folder.read(7)).toBe(packet);
  expect([...(await folder.readContent(7, 1, 3))]).toEqual([2, 3]);
  folder.remove(7, true);
  await expect(folder.read(7)).rejects.toThrow('the outbox has no entry 7');
});
