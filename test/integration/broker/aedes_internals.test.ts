import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Aedes } from 'aedes';
import { generate } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { dropClosedClients, skipPublishes } from '../../../broker/aedes_internals.ts';

test('a connection that ends between its authentication and its registration is not kept', async () => {
  const aedes = await Aedes.createBroker({
    authenticate(client, _user, _password, done) {
      done(null, true);
      client.close();
    },
  });
  dropClosedClients(aedes);
  const server = createServer((socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registered = once(aedes, 'client');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'x', clean: true }));
  await registered;
  expect(aedes.connectedClients).toBe(0);
  socket.destroy();
  server.close();
  await new Promise<void>((resolve) => aedes.close(resolve));
});

test('what is published to nowhere goes nowhere and is done at once, all else as ever', async () => {
  const aedes = await Aedes.createBroker();
  skipPublishes(aedes, '$nowhere');
  const heard: string[] = [];
  const done: string[] = [];
  aedes.subscribe(
    '#',
    (packet, next) => {
      heard.push(packet.topic);
      next();
    },
    () => undefined,
  );
  aedes.subscribe(
    '$nowhere',
    () => expect.unreachable(),
    () => undefined,
  );
  const packet = { cmd: 'publish', payload: Buffer.from('x'), qos: 1, retain: false, dup: false } as const;
  aedes.publish({ ...packet, topic: '$nowhere' }, () => done.push('$nowhere'));
  expect(done).toEqual(['$nowhere']);
  await new Promise<void>((resolve) => aedes.publish({ ...packet, topic: 'a/b' }, () => resolve()));
  expect(heard).toContain('a/b');
  await new Promise<void>((resolve) => aedes.close(resolve));
});
