import { describe, expect, test } from 'vitest';
import { filterMatches, formatTopic, parseTopic, topicFilter } from '../../../../shared/protocol/topic.ts';

describe('a topic template', () => {
  test('is filled with its parameters and read back', () => {
    const topic = formatTopic('salt/ret/{jid}/{id}', { jid: '1', id: 'm1' });
    expect(topic).toBe('salt/ret/1/m1');
    expect(parseTopic('salt/ret/{jid}/{id}', topic)).toEqual({ jid: '1', id: 'm1' });
  });

  test('with a tag takes one or more levels', () => {
    expect(formatTopic('salt/event/{tag*}', { tag: 'a/b/c' })).toBe('salt/event/a/b/c');
    expect(parseTopic('salt/event/{tag*}', 'salt/event/a/b/c')).toEqual({ tag: 'a/b/c' });
    expect(parseTopic('salt/event/{tag*}', 'salt/event')).toBeUndefined();
  });

  test.each(['', '+', '#', 'a/b', 'a\0'])('refuses %j for one level', (id) => {
    expect(() => formatTopic('salt/job/{id}', { id })).toThrow(TypeError);
  });

  test.each(['', '/a', 'a/', 'a//b', 'a/+', 'a/#'])('refuses %j for a tag', (tag) => {
    expect(() => formatTopic('salt/event/{tag*}', { tag })).toThrow(TypeError);
  });

  test.each(['salt/event/', 'salt/event//a', 'salt/event/a/', 'salt/event/a//b'])(
    'does not read %j, which it could not have written',
    (topic) => {
      expect(parseTopic('salt/event/{tag*}', topic)).toBeUndefined();
    },
  );

  test.each(['salt/job', 'salt/job/', 'salt/job/m1/ctl', 'salt/ret/m1', 'Salt/job/m1', '/salt/job/m1'])(
    'salt/job/{id} does not match %j',
    (topic) => {
      expect(parseTopic('salt/job/{id}', topic)).toBeUndefined();
    },
  );

  test('refuses a topic that no small device could take', () => {
    expect(formatTopic('salt/event/{tag*}', { tag: 'x'.repeat(117) })).toHaveLength(128);
    expect(() => formatTopic('salt/event/{tag*}', { tag: 'x'.repeat(118) })).toThrow('longer than 128 bytes');
    expect(() => formatTopic('salt/event/{tag*}', { tag: 'é'.repeat(60) })).toThrow('longer than 128 bytes');
    const id = 'x'.repeat(63);
    expect(formatTopic('salt/fire/{id}/{tag*}', { id, tag: 'y'.repeat(117) })).toHaveLength(191);
    expect(() => formatTopic('salt/fire/{id}/{tag*}', { id, tag: 'y'.repeat(118) })).toThrow('longer than 128 bytes');
  });

  test('becomes a filter; what is given stays fixed', () => {
    expect(topicFilter('salt/ret/{jid}/{id}')).toBe('salt/ret/+/+');
    expect(topicFilter('salt/ret/{jid}/{id}', { id: 'm1' })).toBe('salt/ret/+/m1');
    expect(topicFilter('salt/event/{tag*}')).toBe('salt/event/#');
  });
});

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b/c', 'a/b', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/', true],
  ['a/+', 'a/b/c', false],
  ['+/+', '/a', true],
  ['+', '/a', false],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'ab', false],
  ['#', 'a/b', true],
  ['#', '$SYS/x', false],
  ['+/x', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
  ['$local/#', '$local/a', true],
])('the filter %s against the topic %s: %s', (filter, topic, expected) => {
  expect(filterMatches(filter, topic)).toBe(expected);
});
