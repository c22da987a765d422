import { createServer } from 'node:net';
import mqttPacket from 'mqtt-packet';

/** A master that answers each request of an operator with the same steps. Resolves when it listens. */
export function playMaster(socketPath, steps) {
  const server = createServer((socket) => {
    const send = (packet) => socket.write(mqttPacket.generate(packet));
    const parser = mqttPacket.parser();
    parser.on('packet', ({ cmd, messageId, subscriptions, topic }) => {
      if (cmd === 'connect') send({ cmd: 'connack', returnCode: 0, sessionPresent: false });
      if (cmd === 'subscribe') send({ cmd: 'suback', messageId, granted: subscriptions.map(() => 0) });
      if (cmd !== 'publish') return;
      send({ cmd: 'puback', messageId });
      for (const step of steps) {
        send({ cmd: 'publish', topic: topic.replace('/req/', '/rsp/'), payload: JSON.stringify(step), qos: 0 });
      }
    });
    socket.on('data', (bytes) => parser.parse(bytes));
    // Who has heard enough leaves before the last step.
    socket.on('error', () => undefined);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(socketPath, () => resolve(server));
  });
}
