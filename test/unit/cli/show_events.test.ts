import { expect, test } from 'vitest';
import { eventText, eventWords } from '../../../cli/show_events.ts';

const ALL = ['count', 'quiet', 'pretty', 'since', 'from', 'timeout'];
const nothing = {
  tag: '*',
  count: undefined,
  quiet: false,
  pretty: false,
  from: undefined,
  sinceSeconds: undefined,
  timeoutSeconds: undefined,
};

test.each([
  [[], {}],
  [['myapp/*'], { tag: 'myapp/*' }],
  [['tagmatch=myapp/*'], { tag: 'myapp/*' }],
  [['count=3', 'quiet=True', 'pretty=True'], { count: 3, quiet: true, pretty: true }],
  [['count=-1'], {}],
  [['since=10m', 'from=12'], { sinceSeconds: 600, from: 12 }],
  [['a/b', 'timeout=90'], { tag: 'a/b', timeoutSeconds: 90 }],
])('%j is understood', async (words, members) => {
  expect(await eventWords('state.event', words, ALL)).toEqual({ ...nothing, ...members });
});

test.each([
  [['a', 'b'], "does not take 'b'"],
  [['node=master'], 'does not take node'],
  [['count=x'], 'count=x is not a number'],
  [['from=-1'], 'from=-1 is not a number'],
  [['since=soon'], 'since= soon is not a duration'],
])('%j is refused with what is wrong', async (words, message) => {
  await expect(eventWords('state.event', words, ALL)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(message),
  });
});

test('an event is printed as Salt prints it: the tag, a tab, JSON', async () => {
  expect(await eventText('a/b', { b: [1, true], a: null }, false)).toBe('a/b\t{"b": [1, true], "a": null}');
  expect(await eventText('a/b', { b: 1, a: {} }, true)).toBe('a/b\t{\n    "a": {},\n    "b": 1\n}');
  expect(await eventText('a/\u001b[2J', {}, false)).toBe('a/?[2J\t{}');
});
