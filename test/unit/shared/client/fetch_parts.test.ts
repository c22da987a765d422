import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { withParts } from '../../../../shared/client/fetch_parts.ts';
import type { OperatorRequestBody, OperatorStep } from '../../../../shared/client/operator_client.ts';

const jid = '20261122093047146206';
const content = Buffer.from(JSON.stringify({ text: 'abcdefghij' }));
const pieces = [content.subarray(0, 5), content.subarray(5, 9), content.subarray(9)];
const sha256 = createHash('sha256').update(content).digest('hex');
const reference = { jid, id: 'm1', count: pieces.length, bytes: content.length, sha256 };

/** A master that gives two pieces at a time, of those it has. */
function clientWith(there: readonly Uint8Array[]) {
  const asked: OperatorRequestBody[] = [];
  async function* request(body: OperatorRequestBody): AsyncGenerator<OperatorStep> {
    asked.push(body);
    const from = Number(body.from);
    for (const [index, piece] of there.slice(from, from + 2).entries()) {
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
  expect(client.asked).toEqual([0, 2].map((from) => ({ op: 'parts', jid, id: 'm1', from })));
});

test.each([
  ['a piece is gone', pieces.slice(0, 2)],
  ['all are gone', []],
  ['a piece is another', [pieces[0]!, Buffer.from('XXXX'), pieces[2]!]],
])('when %s it says so', async (_what, there) => {
  const step = { t: 'ret', return: 'note', parts: [{ at: ['return'], ...reference }] };
  await expect(withParts(clientWith(there), step)).rejects.toThrow('the return of m1 cannot be put together');
});
