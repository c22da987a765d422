import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { withParts } from '../../../../shared/client/fetch_parts.ts';
import type { OperatorRequestBody, OperatorStep } from '../../../../shared/client/operator_client.ts';

const jid = '20261122093047146206';
const content = Buffer.from(JSON.stringify({ text: 'abcdefghij' }));
const pieces = Array.from({ length: 11 }, (_, n) => content.subarray(2 * n, 2 * n + 2));
const sha256 = createHash('sha256').update(content).digest('hex');
const reference = { jid, id: 'm1', count: pieces.length, bytes: content.length, sha256 };

/** A master that gives what is asked for, of the pieces it has. */
function clientWith(there: readonly Uint8Array[]) {
  const asked: OperatorRequestBody[] = [];
  async function* request(body: OperatorRequestBody): AsyncGenerator<OperatorStep> {
    asked.push(body);
    const from = Number(body.from);
    for (const [index, piece] of there.slice(from, from + Number(body.count)).entries()) {
      yield { t: 'part', n: from + index, data: Buffer.from(piece).toString('base64') };
    }
  }
  return { asked, request };
}

test('a large value takes its place in the step, however deep', async () => {
  const client = clientWith(pieces);
  const value = { m1: { return: 'a value of 21 bytes' }, m2: { return: 'small' } };
  const step = { t: 'value', value, parts: [{ at: ['value', 'm1', 'return'], ...reference }] };
  expect(await withParts(client, step)).toEqual({
    t: 'value',
    value: { m1: { return: { text: 'abcdefghij' } }, m2: { return: 'small' } },
  });
  expect(client.asked).toEqual([0, 4, 8].map((from) => ({ op: 'parts', jid, id: 'm1', from, count: 4 })));
});

test.each([
  ['the last piece is gone', pieces.slice(0, 10)],
  ['some are gone', pieces.slice(0, 3)],
  ['all are gone', []],
  ['a piece is another', pieces.with(2, Buffer.from('XX'))],
])('when %s it says so', async (_what, there) => {
  const step = { t: 'ret', return: 'note', parts: [{ at: ['return'], ...reference }] };
  await expect(withParts(clientWith(there), step)).rejects.toThrow('the return of m1 cannot be put together');
});

test('some are asked for while others are on their way, and no more than may wait for a client', async () => {
  const client = clientWith(pieces);
  const arrived: (() => void)[] = [];
  async function* request(body: OperatorRequestBody): AsyncGenerator<OperatorStep> {
    const steps = client.request(body);
    await new Promise<void>((resolve) => arrived.push(resolve));
    yield* steps;
  }
  const whole = withParts({ request }, { t: 'ret', return: 'note', parts: [{ at: ['return'], ...reference }] });
  await vi.waitFor(() => expect(arrived).toHaveLength(2));
  // The second first: pieces have their places.
  arrived[1]?.();
  await vi.waitFor(() => expect(arrived).toHaveLength(3));
  arrived[2]?.();
  arrived[0]?.();
  expect(await whole).toEqual({ t: 'ret', return: { text: 'abcdefghij' } });
});
