import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { claimSocket } from '../../../../minion/bus/claim_socket.ts';
import { openQuietBus } from '../../../../minion/bus/quiet_bus.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

async function open() {
  const sockDir = temporaryDir();
  const heard: [string, unknown][] = [];
  await claimSocket(sockDir);
  const bus = await openQuietBus({
    sockDir,
    tcpPort: null,
    fireMaster: async () => undefined,
    heard: (tag, data) => void heard.push([tag, data]),
    clock: systemClock,
    log: silentLogger,
  });
  return { sockDir, socket: join(sockDir, 'local.sock'), heard, bus };
}

test('the minion hears its own events, and nobody has an address to join', async () => {
  const { bus, heard } = await open();
  onTestFinished(() => bus.close());
  bus.fire('myapp/done', { n: 1 });
  expect(heard).toEqual([['myapp/done', { n: 1 }]]);
  expect(bus.addresses).toEqual([]);
});

test('an event that no bus would take is refused', async () => {
  const { bus, heard } = await open();
  onTestFinished(() => bus.close());
  const endless: Record<string, unknown> = {};
  endless.self = endless;
  expect(() => bus.fire('myapp/done', endless)).toThrow();
  expect(heard).toEqual([]);
});

test('a second minion on the directory is kept out until the first is gone; who connects is let go', async () => {
  const { bus, sockDir, socket } = await open();
  expect((statSync(socket).mode & 0o777).toString(8)).toBe('660');
  const visitor = connect(socket);
  await once(visitor, 'close');
  await expect(claimSocket(sockDir)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  await bus.close();
  expect(existsSync(socket)).toBe(false);
  await claimSocket(sockDir);
});
