import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeLines } from '../../minion/lib/line_log.ts';
import { pathsOf, writeConfig } from '../support/fleet_processes.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small_disk.ts';
import { makeTemporaryDir } from '../support/temporary_dir.ts';

let dir: ReturnType<typeof makeTemporaryDir>;
let disk: SmallDisk;
let etc: string;
beforeEach(() => {
  const mounted = mountSmallDisk(1);
  if (mounted === undefined) throw new Error('nothing can be mounted here: this needs root');
  disk = mounted;
  dir = makeTemporaryDir();
  etc = join(dir.path, 'etc');
  writeConfig(etc, 'minion', { ...pathsOf(dir.path), id: 'm1', master: '127.0.0.1:1', cachedir: disk.path });
});
afterEach(() => {
  disk.remove();
  dir.remove();
});

test('a minion that starts on a full disk says what is lost, and runs', async () => {
  disk.fill();
  const minion = startProgram('salt-minion', ['-c', etc]);
  expect(await minion.line(/cannot be kept/)).toContain(
    'an event cannot be kept and is lost tag=salt/minion/m1/start reason=the disk is full',
  );
  await minion.line(/nothing listens there/);
  expect((await minion.stop()).status).toBe(0);
});

test('a minion that cannot remember its jobs on a full disk does not start, and says which folder', async () => {
  writeFileSync(join(disk.path, 'ledger'), encodeLines(['+ 20260101000000000001 99999999999']));
  disk.fill();
  const { stderr, status } = await runProgram('salt-minion', ['-c', etc]);
  expect(stderr).toBe(`salt-minion: cachedir ${disk.path} cannot be used: the disk is full\n`);
  expect(status).toBe(66);
});
