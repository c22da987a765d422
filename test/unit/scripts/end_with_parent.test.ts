import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../support/source_tree.ts';

const SCRIPT = `
  import { endWithParent } from '${repositoryRoot}/scripts/end_with_parent.mjs';
  const alive = setInterval(() => undefined, 1000);
  process.on('SIGTERM', () => {
    console.log('told to end');
    clearInterval(alive);
  });
  endWithParent();
  console.log('up');
`;

test('a process whose parent was killed is told to end', async () => {
  const shell = spawn('sh', ['-c', `'${process.execPath}' --input-type=module -e "$1"; exit 0`, 'sh', SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  expect(await lines.next()).toEqual({ value: 'up', done: false });
  shell.kill('SIGKILL');
  await once(shell, 'exit');
  expect(await lines.next()).toEqual({ value: 'told to end', done: false });
  expect((await lines.next()).done).toBe(true);
});
