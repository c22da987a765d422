import { expect, test } from 'vitest';
import { createRetainedStore, type RetainedPacket } from '../../../broker/retained.ts';
import { messageTable } from '../../../shared/protocol/message_table.ts';
import { filterMatches } from '../../../shared/protocol/topic.ts';

const topics = [
  ...Array.from({ length: 20 }, (_, n) => `salt/presence/m${n}`),
  ...Array.from({ length: 20 }, (_, n) => `salt/info/m${n}`),
  'salt/master',
];

function fillStore() {
  const store = createRetainedStore<RetainedPacket>(messageTable);
  for (const topic of topics) store.store({ topic, payload: Buffer.from('{}') });
  return store;
}

test.each([
  '#',
  '+/#',
  'salt/#',
  'salt/+/m3',
  'salt/presence/+',
  'salt/presence/#',
  'salt/info/m1/#',
  'salt/master',
  'salt/master/#',
  'salt/presence/m7',
  'salt/presence',
  'salt/+',
  '+/presence/m1',
  'salt/job/m1/#',
  'other/#',
])('the filter %s finds what it matches and nothing else', (filter) => {
  const found = [...fillStore().matching([filter])].map(({ topic }) => topic);
  expect(found.toSorted()).toEqual(topics.filter((topic) => filterMatches(filter, topic)).toSorted());
});

test.each(['salt/job/m1', 'salt/job/m1/#', 'salt/enroll/ab/rsp', 'salt/op/root/rsp/+', 'salt/event/#', '$local/#'])(
  'the filter %s, which no state can match, looks at no stored message',
  (filter) => {
    const store = createRetainedStore<RetainedPacket>(messageTable);
    let looks = 0;
    const payload = Buffer.from('{}');
    for (const topic of topics) store.store(watched(topic, payload, () => looks++));
    looks = 0;
    expect([...store.matching([filter])]).toEqual([]);
    expect(looks).toBe(0);
    expect([...store.matching(['salt/presence/+'])]).toHaveLength(20);
    expect(looks).toBe(20);
  },
);

function watched(topic: string, payload: Buffer, look: () => void): RetainedPacket {
  return {
    get topic() {
      look();
      return topic;
    },
    payload,
  };
}

test('the newest message of a topic is kept, and an empty one takes it back', () => {
  const store = createRetainedStore<RetainedPacket>(messageTable);
  const put = (text: string): void => store.store({ topic: 'salt/info/m1', payload: Buffer.from(text) });
  const texts = (): string[] => [...store.matching(['#'])].map(({ payload }) => payload.toString());
  put('{"v":1}');
  put('{"v":2}');
  expect(texts()).toEqual(['{"v":2}']);
  put('');
  expect(texts()).toEqual([]);
});

test('what is not state cannot be retained', () => {
  const store = createRetainedStore<RetainedPacket>(messageTable);
  expect(() => store.store({ topic: 'salt/job/m1', payload: Buffer.from('{}') })).toThrow(TypeError);
});
