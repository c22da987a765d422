import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findServiceManager } from '../../../cli/service_manager.ts';
import { createLogger } from '../../../shared/log.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

/** A manager whose `systemd-notify` notes in a file what it was told, by which socket, and when it has done. */
function setUp({ script = '', socket = '/run/notify' }: { readonly script?: string; readonly socket?: string } = {}) {
  const dir = temporaryDir();
  const program = join(dir, 'systemd-notify');
  const file = join(dir, 'told');
  writeFileSync(file, '');
  writeFileSync(program, `#!/bin/sh\n${script}\necho "$NOTIFY_SOCKET $*" >> ${file}; echo done >> ${file}\n`);
  chmodSync(program, 0o755);
  const env: Record<string, string> = { PATH: dir, ...(socket && { NOTIFY_SOCKET: socket }) };
  const warnings: string[] = [];
  const log = createLogger([{ level: 'warning', format: 'text', write: (line) => void warnings.push(line) }], Date.now);
  const manager = findServiceManager(env, log);
  return { program, manager, env, warnings, told: () => readFileSync(file, 'utf8').trim().split('\n') };
}

test('systemd is told one thing after the other, by the socket that it gave, and nothing after the end', async () => {
  const { manager, told, warnings } = setUp();
  manager.ready();
  manager.ready('waiting for the key');
  const stopping = manager.stopping();
  manager.ready('not connected');
  await stopping;
  expect(told()).toEqual([
    ...['/run/notify READY=1', 'done'],
    ...['/run/notify READY=1 STATUS=waiting for the key', 'done'],
    ...['/run/notify STOPPING=1', 'done'],
  ]);
  expect(warnings).toEqual([]);
});

test('what is started later does not find the socket', () => {
  expect(setUp().env).not.toHaveProperty('NOTIFY_SOCKET');
});

test('a status is one line, whatever is in it', async () => {
  const { manager, told } = setUp();
  manager.ready('not connected: bad\nMAINPID=1\x1b[0m');
  await manager.stopping();
  expect(told()[0]).toBe('/run/notify READY=1 STATUS=not connected: bad MAINPID=1?[0m');
});

test('without a socket nothing is started', async () => {
  const { manager, told } = setUp({ socket: '' });
  manager.ready('connected');
  await manager.stopping();
  expect(told()).toEqual(['']);
});

test('a systemd-notify that fails, or is not there, is a warning and no more', async () => {
  const { program, manager, warnings } = setUp({ script: 'echo no such socket >&2; exit 1' });
  await manager.stopping();
  expect(warnings[0]).toContain('systemd was not told how it is reason=systemd-notify: status 1: no such socket');
  rmSync(program);
  await manager.stopping();
  expect(warnings.at(-1)).toMatch(/systemd was not told how it is .*No such file/);
});
