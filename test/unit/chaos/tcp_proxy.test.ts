import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startTcpProxy } from '../../chaos/tcp_proxy.ts';
import { until } from '../../support/until.ts';

test('bytes stay in order when what was held back meets what comes after it', async () => {
  let received = '';
  const server = createServer((socket) => {
    // The proxy resets what is left when it closes.
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text) => {
      received += text;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy((server.address() as AddressInfo).port);
  const client = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true });
  client.on('error', () => undefined);
  onTestFinished(async () => {
    client.destroy();
    await proxy.close();
    server.close();
  });
  let sent = '';
  for (let number = 0; number < 2000; number++) {
    if (number % 2 === 0) proxy.delay((number % 7) / 3);
    else proxy.mend();
    client.write(`${number} `);
    sent += `${number} `;
    await setImmediate();
  }
  await until('all has come', () => received.length === sent.length);
  expect(received).toBe(sent);
});
