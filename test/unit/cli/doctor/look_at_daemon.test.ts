import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAtDaemon } from '../../../../cli/doctor/look_at_daemon.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

/** A machine with one process, which a pid file names. */
function machine(command: string) {
  const dir = temporaryDir();
  mkdirSync(join(dir, 'proc/4711/fd'), { recursive: true });
  for (const fd of ['0', '1', '2']) writeFileSync(join(dir, 'proc/4711/fd', fd), '');
  writeFileSync(join(dir, 'proc/4711/cmdline'), command);
  writeFileSync(
    join(dir, 'proc/4711/limits'),
    'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n',
  );
  writeFileSync(join(dir, 'pid'), '4711\n');
  return { name: 'salt-master', socket: join(dir, 's'), pidfile: join(dir, 'pid'), proc: join(dir, 'proc') } as const;
}

test('a process that the pid file names is looked at when it is a daemon of that name', async () => {
  const place = machine('node\0/opt/brine/dist/salt-master.cjs\0');
  expect(await lookAtDaemon(place)).toEqual({
    name: 'salt-master',
    socket: place.socket,
    state: 'missing',
    pid: 4711,
    filesMax: 1024,
    filesOpen: 3,
  });
});

test('a pid file is looked for beside the socket too, where the unit for systemd has it written', async () => {
  const place = machine('node\0/opt/brine/dist/salt-master.cjs\0');
  const elsewhere = join(temporaryDir(), 'pid');
  expect(await lookAtDaemon({ ...place, pidfile: elsewhere })).toMatchObject({ pid: 4711 });
});

test('a number that another process has by now is not taken for the daemon', async () => {
  expect(await lookAtDaemon(machine('vi\0/etc/hosts\0'))).not.toHaveProperty('pid');
});

test('a socket without a listener is deserted, and tells its owner', async () => {
  const place = machine('');
  const server = createServer().listen({ path: place.socket });
  await once(server, 'listening');
  // The file stays when the process is killed; here the handle is closed without its file being removed.
  const kept = `${place.socket}.kept`;
  renameSync(place.socket, kept);
  server.close();
  renameSync(kept, place.socket);
  expect(await lookAtDaemon(place)).toMatchObject({ state: 'deserted', owner: userInfo().username });
});

test('a listener that does not speak to us is silent', async () => {
  const place = machine('');
  const server = createServer((socket) => socket.destroy()).listen({ path: place.socket });
  await once(server, 'listening');
  expect(await lookAtDaemon(place)).toMatchObject({ state: 'silent' });
  // A minion of profile lite does that on purpose.
  expect(await lookAtDaemon({ ...place, isQuiet: true })).toMatchObject({ state: 'quiet' });
  server.close();
});

test('one that neither answers nor lets us go is silent, whatever it is meant to be', async () => {
  const place = machine('');
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen({ path: place.socket });
  await once(server, 'listening');
  expect(await lookAtDaemon({ ...place, isQuiet: true, answerMs: 30 })).toMatchObject({ state: 'silent' });
  server.close();
});
