import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimStore, type OwnerTable } from '../../../../master/store/store_owner.ts';

let other: ChildProcess;
beforeEach(() => {
  other = spawn('sleep', ['60']);
});
afterEach(() => other.kill());

function tableOf(owner?: string) {
  const table = {
    owner,
    get: () => table.owner,
    put: (next: string) => {
      table.owner = next;
    },
    remove: () => {
      table.owner = undefined;
    },
    alone: <T>(act: () => T): T => act(),
  };
  return table satisfies OwnerTable;
}

/** What stands in a store that a process of that pid has open. */
async function ownerText(pid: number): Promise<string> {
  const table = tableOf();
  claimStore('/store', table);
  const [boot] = (table.owner as string).match(/[0-9a-f-]{36}$/) as RegExpMatchArray;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return `${pid}-${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}-${boot}`;
}

test('a store that a living process has open is not claimed, and the process is named', async () => {
  const table = tableOf(await ownerText(other.pid as number));
  const before = table.owner;
  expect(() => claimStore('/store', table)).toThrow(
    expect.objectContaining({ code: 'ADDRESS_IN_USE', message: `process ${other.pid} has /store open` }),
  );
  expect(table.owner).toBe(before);
});

test('what a killed process had open is free', async () => {
  const table = tableOf(await ownerText(other.pid as number));
  other.kill('SIGKILL');
  await once(other, 'exit');
  claimStore('/store', table);
  expect(table.owner).toMatch(new RegExp(`^${process.pid}-\\d+-[0-9a-f-]{36}$`));
});

test('a pid that was given again, since then or since another boot, is another process', async () => {
  const owner = await ownerText(other.pid as number);
  const earlier = owner.replace(/-(\d+)/, (_, start) => `-${Number(start) - 1}`);
  const otherBoot = owner.replace(/[0-9a-f]{12}$/, 'x');
  for (const text of [earlier, otherBoot, 'nonsense']) {
    const table = tableOf(text);
    claimStore('/store', table);
    expect(table.owner).not.toBe(text);
  }
});

test('what is given back is nobody’s, and what another has claimed meanwhile stays', () => {
  const table = tableOf();
  claimStore('/store', table)();
  expect(table.owner).toBeUndefined();
  const release = claimStore('/store', table);
  table.owner = 'another';
  release();
  expect(table.owner).toBe('another');
});
