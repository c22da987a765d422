import { expect, test } from 'vitest';
import { createSlots } from '../../../../shared/reactor/slots.ts';

test('the next begins when a place is free, first come, first served', async () => {
  const slots = createSlots(1);
  const order: string[] = [];
  const release = await slots.take();
  const named = async (name: string) => {
    const give = await slots.take();
    order.push(name);
    return give;
  };
  const second = named('second');
  const third = named('third');
  expect(slots.taken()).toBe(1);
  release();
  release();
  const giveSecond = await second;
  expect([order, slots.taken()]).toEqual([['second'], 1]);
  giveSecond();
  (await third)();
  expect([order, slots.taken()]).toEqual([['second', 'third'], 0]);
});

test('whoever waits is turned away when it is over', async () => {
  const slots = createSlots(1);
  await slots.take();
  const waiting = slots.take();
  slots.stop();
  await expect(waiting).rejects.toThrow('no place');
});
