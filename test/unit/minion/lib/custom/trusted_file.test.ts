import { expect, test } from 'vitest';
import { whyUntrusted } from '../../../../../minion/lib/custom/trusted_file.ts';

test.each([
  ['of root', 0, 0o644, 1000, undefined],
  ['of the user of the minion', 1000, 0o700, 1000, undefined],
  ['of somebody else', 1001, 0o600, 1000, 'it belongs to user 1001, not to root or to the user of the minion'],
  ['of somebody else, for root', 1001, 0o600, 0, 'it belongs to user 1001, not to root or to the user of the minion'],
  ['that a group may write to', 0, 0o664, 0, 'its group may write to it: take that away with chmod g-w'],
  ['that everybody may write to', 0, 0o666, 0, 'everybody may write to it: take that away with chmod o-w'],
])('a file %s', (_what, uid, mode, euid, why) => {
  expect(whyUntrusted({ uid, mode: 0o100000 + mode }, euid)).toBe(why);
});
