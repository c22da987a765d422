import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type Packet, parser } from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import { connectOperator, type OperatorStep } from '../../../../shared/client/operator_client.ts';
import { systemClock } from '../../../../shared/clock.ts';

/** A master that answers each request with these steps, in two messages; the packets that it gets are written down. */
async function playMaster(first: OperatorStep, others: readonly OperatorStep[]) {
  const directory = mkdtempSync(join(tmpdir(), 'brine-operator-'));
  const socketPath = join(directory, 'operator.sock');
  const packets: Packet[] = [];
  const answer = (socket: Socket, packet: Packet): void => {
    packets.push(packet);
    if (packet.cmd === 'connect') socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
    if (packet.cmd === 'subscribe') {
      const granted = packet.subscriptions.map(({ qos }) => qos);
      socket.write(generate({ cmd: 'suback', messageId: packet.messageId ?? 0, granted }));
    }
    if (packet.cmd !== 'publish') return;
    const topic = packet.topic.replace('/req/', '/rsp/');
    for (const step of [first, { t: 'some', steps: others }]) {
      const payload = Buffer.from(JSON.stringify(step));
      socket.write(generate({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false }));
    }
    socket.write(generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }));
  };
  const server = createServer((socket) => {
    const packetParser = parser().on('packet', (packet: Packet) => answer(socket, packet));
    socket.on('data', (bytes) => packetParser.parse(bytes));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { socketPath, packets };
}

test('steps that come as one message are yielded one by one, and no message is to be acknowledged', async () => {
  const others = [{ t: 'ret', id: 'm1' }, { t: 'ret', id: 'm2' }, { t: 'end' }];
  const { socketPath, packets } = await playMaster({ t: 'job', jid: '1' }, others);
  const client = await connectOperator({ socketPath, firstAnswerMs: 30_000, clock: systemClock });
  const steps: OperatorStep[] = [];
  for await (const step of client.request({ op: 'job' })) steps.push(step);
  await client.close();
  expect(steps).toEqual([{ t: 'job', jid: '1' }, ...others.slice(0, 2)]);
  const subscribed = packets.flatMap((packet) => (packet.cmd === 'subscribe' ? packet.subscriptions : []));
  expect(subscribed.map(({ qos }) => qos)).toEqual([0]);
});
