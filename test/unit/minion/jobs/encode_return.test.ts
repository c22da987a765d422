import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeReturn } from '../../../../minion/jobs/encode_return.ts';
import { decodePayload } from '../../../../shared/protocol/codec.ts';
import { readReturnValue } from '../../../../shared/protocol/json_scan.ts';
import { ReturnLong, type ReturnPayload } from '../../../../shared/protocol/messages/return.ts';

const MIB = 1024 ** 2;
const base = { id: 'm1', jid: '20261122093047146206', fun: 'cmd.run', fun_args: ['x'], retcode: 0, success: true };
const encode = (members: Partial<ReturnPayload>, bytesMax = 64 * MIB) => {
  const { payload, content } = encodeReturn({ ...base, return: null, ...members }, bytesMax);
  return { header: ReturnLong.check(decodePayload(payload)), content };
};

test('a return that fits a packet goes as it is', () => {
  const { header, content } = encode({ return: 'x'.repeat(200_000) });
  expect([header.parts, content, header.return]).toEqual([undefined, undefined, 'x'.repeat(200_000)]);
});

test('a larger one goes in parts that are its value as JSON, under a header that says how to get it', () => {
  const value = { text: 'ü'.repeat(MIB), list: [1, null, 'a\nb'] };
  const { header, content } = encode({ return: value });
  expect(readReturnValue(content!)).toEqual(value);
  expect(header).toMatchObject({ ...base, return: expect.stringContaining(`salt-run jobs.lookup_jid ${base.jid}`) });
  const sha256 = createHash('sha256').update(content!).digest('hex');
  expect(header.parts).toEqual({ count: Math.ceil(content!.length / (240 * 1024)), bytes: content!.length, sha256 });
});

test('many small items go in parts, too, as a message may not have so many', () => {
  const { header, content } = encode({ return: Array.from({ length: 120_000 }, () => 0) });
  expect(header.parts?.count).toBe(1);
  expect(readReturnValue(content!)).toHaveLength(120_000);
});

test('arguments that would not fit beside it are left out: the master gave them', () => {
  const { header } = encode({ return: 'x'.repeat(MIB), fun_args: ['y'.repeat(255 * 1024)] });
  expect(header.fun_args).toBeUndefined();
  expect(header.parts?.bytes).toBe(MIB + 2);
});

test('beyond the limit it says so, with both ends of a text', () => {
  const { header, content } = encode({ return: `begin ${'x'.repeat(MIB)} end` }, MIB);
  expect(content).toBeUndefined();
  expect(header).toMatchObject({ retcode: 1, success: false, error: { code: 'LIMIT_EXCEEDED' } });
  expect(header.return).toMatch(
    /larger than max_return_size \(1048576 bytes\)\n--- it begins with:\nbegin x+\n--- it ends with:\nx+ end$/,
  );
  expect(String(header.return).length).toBeLessThan(5000);
});

test('what is larger only as JSON is too large as well', () => {
  const { header } = encode({ return: '\u0001'.repeat(MIB / 2) }, MIB);
  expect(header.error?.code).toBe('LIMIT_EXCEEDED');
});

test('a mapping that is too large shows both ends of its JSON', () => {
  const { header } = encode({ return: { stdout: 'x'.repeat(MIB), last: 'member' } }, MIB);
  expect(header.return).toMatch(/--- it begins with:\n\{"stdout":"x+\n--- it ends with:\nx+","last":"member"\}$/);
});
