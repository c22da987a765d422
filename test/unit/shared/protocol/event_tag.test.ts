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

test.each(['x'.repeat(116), 'é'.repeat(58), 'a/b/c/d/e/f/g/h/i/j'])('%j is too much for a topic', (tag) => {
  expect(() => checkTag(tag, 'salt/fire/m1/')).toThrow(
    expect.objectContaining({ code: 'ARGS_INVALID', hint: expect.stringContaining('128 bytes and 12 levels') }),
  );
});
