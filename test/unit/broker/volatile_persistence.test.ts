import { expect, test } from 'vitest';
import { createRetainedStore, type RetainedPacket } from '../../../broker/retained.ts';
import { createVolatilePersistence } from '../../../broker/volatile_persistence.ts';
import { messageTable } from '../../../shared/protocol/message_table.ts';

const client = { id: 'c1' };
const create = () => createVolatilePersistence(createRetainedStore<RetainedPacket>(messageTable));

test('a QoS 2 message is known from its arrival to its release', async () => {
  const store = create();
  const packet = { messageId: 7 };
  await expect(store.incomingGetPacket(client, packet)).rejects.toThrow('no such packet');
  await store.incomingStorePacket(client, packet);
  await expect(store.incomingGetPacket(client, packet)).resolves.toBe(packet);
  await expect(store.incomingGetPacket({ id: 'c2' }, packet)).rejects.toThrow('no such packet');
  await store.incomingDelPacket(client, packet);
  await expect(store.incomingDelPacket(client, packet)).rejects.toThrow('no such packet');
});

test('the end of a session forgets its QoS 2 messages', async () => {
  const store = create();
  await store.incomingStorePacket(client, { messageId: 7 });
  await store.cleanIncoming(client);
  await expect(store.incomingGetPacket(client, { messageId: 7 })).rejects.toThrow('no such packet');
});

test('a retained message is a copy: what Aedes does to the packet later does not change it', async () => {
  const store = create();
  const packet = { topic: 'salt/info/m1', payload: Buffer.from('{}') };
  await store.storeRetained(packet);
  packet.topic = 'changed';
  expect(await store.createRetainedStreamCombi(['#']).toArray()).toEqual([
    { topic: 'salt/info/m1', payload: Buffer.from('{}') },
  ]);
});
