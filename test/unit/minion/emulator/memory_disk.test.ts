import { expect, test } from 'vitest';
import { createMemoryLedger, createMemoryOutboxFolder } from '../../../../minion/emulator/memory_disk.ts';

test('a ledger in memory knows what it took until no copy of it can come any more', async () => {
  let now = 1000;
  const ledger = createMemoryLedger(() => now);
  await ledger.accept('old', 1010);
  for (let n = 0; n < 4095; n++) await ledger.accept(`j${n}`, 900_000);
  now = 1010 + 3601;
  expect(ledger.has('old')).toBe(true);
  await ledger.accept('one more', 900_000);
  expect(ledger.has('old')).toBe(false);
  expect(ledger.has('j0')).toBe(true);
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
