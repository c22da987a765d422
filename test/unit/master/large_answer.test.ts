import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createHeldAnswers, cutLarge } from '../../../master/large_answer.ts';
import { readReturnValue } from '../../../shared/protocol/json_scan.ts';
import { fakeClock } from '../../support/fake_context.ts';

test.each([
  ['null', null],
  ['nothing', undefined],
  ['a list that one message carries', Array.from({ length: 1000 }, (_, index) => `m${index}`)],
])('%s goes as it is', async (_what, value) => {
  expect(await cutLarge(value)).toBeUndefined();
});

test('what no message carries is cut, and is the same when it is put together', async () => {
  const job = { Function: 'test.ping', Arguments: ['é', { deep: { er: [{ a: [1, null, true] }] } }], none: [], no: {} };
  const value = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`jid${index}`, job]));
  const large = await cutLarge(value);
  const whole = Buffer.concat(large?.pieces ?? []);
  expect(readReturnValue(whole)).toEqual(value);
  expect(large?.parts).toEqual({
    count: large?.pieces.length,
    bytes: whole.length,
    sha256: createHash('sha256').update(whole).digest('hex'),
  });
  expect(Math.max(...(large?.pieces ?? []).map(({ length }) => length))).toBeLessThan(256 * 1024);
  expect(large?.text).toBe(`a value of ${whole.length} bytes, which goes in parts`);
});

test('bytes, what JSON leaves out and lists are written as in any other answer', async () => {
  const filler = 'x'.repeat(300_000);
  const large = await cutLarge({ filler, bytes: Buffer.from('abc'), left: undefined, list: [undefined, 1n] });
  expect(readReturnValue(Buffer.concat(large?.pieces ?? []))).toEqual({ filler, bytes: 'YWJj', list: [null, '1'] });
});

test('an answer is larger than anything that goes in parts', async () => {
  const much = 'x'.repeat(1024 * 1024);
  await expect(cutLarge(Array(65).fill(much))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});

test('an answer is for who asked, and is dropped when nobody reads it any more', () => {
  const clock = fakeClock();
  const held = createHeldAnswers(clock);
  const pieces = [Buffer.from('[1]')];
  held.put('root', '1', pieces);
  expect([held.get('root', '1'), held.get('dora', '1'), held.get('root', '2')]).toEqual([pieces, undefined, undefined]);
  clock.advance(59_000);
  expect(held.get('root', '1')).toBe(pieces);
  clock.advance(59_000);
  expect(held.get('root', '1')).toBe(pieces);
  clock.advance(61_000);
  expect(held.get('root', '1')).toBeUndefined();
});

test('the oldest answers make room', () => {
  const held = createHeldAnswers(fakeClock());
  const pieces = [Buffer.alloc(100 * 1024 ** 2)];
  for (const jid of ['1', '2', '3']) held.put('root', jid, pieces);
  expect(['1', '2', '3'].map((jid) => held.get('root', jid) !== undefined)).toEqual([false, true, true]);
});
