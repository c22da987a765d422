import { expect, test } from 'vitest';
import { checkTag } from '../../../../shared/protocol/event_tag.ts';

test.each(['a', 'myapp/deployed', 'salt/beacon/m1/load', 'with blank/é', 'a/b/c/d/e/f/g/h/i'])('%j is a tag', (tag) => {
  expect(() => checkTag(tag, 'salt/fire/m1/')).not.toThrow();
});

test.each(['', '/', 'a/', '/a', 'a//b', 'a/+', '#', 'a\0b'])(
  '%j is none, and the hint says how to write one',
  (tag) => {
    expect(() => checkTag(tag, 'salt/fire/m1/')).toThrow(
      expect.objectContaining({ code: 'ARGS_INVALID', hint: expect.stringContaining('single slashes') }),
    );
  },
);

test.each(['x'.repeat(118), 'é'.repeat(59), 'a/b/c/d/e/f/g/h/i/j'])('%j is too much for a topic', (tag) => {
  expect(() => checkTag(tag, 'salt/fire/m1/', 'm1')).toThrow(
    expect.objectContaining({
      code: 'ARGS_INVALID',
      hint: 'behind salt/fire/m1/ it may have 117 bytes; the topic may have 12 levels',
    }),
  );
});

test("what a tag may be does not depend on the length of the minion's id, and fits the master's bus", () => {
  const id = 'x'.repeat(63);
  const longest = `salt/beacon/${id}/${'y'.repeat(41)}`;
  expect(() => checkTag(longest, `salt/fire/${id}/`, id)).not.toThrow();
  expect(() => checkTag(longest, 'salt/event/')).not.toThrow();
  expect(() => checkTag(`${longest}y`, `salt/fire/${id}/`, id)).toThrow();
  expect(() => checkTag(`${longest}y`, 'salt/event/')).toThrow();
});
