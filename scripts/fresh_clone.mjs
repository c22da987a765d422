// Proves the promise of README: from a fresh clone, one command is a fleet that answers. Plain JavaScript.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const clone = join(mkdtempSync(join(tmpdir(), 'brine-clone-')), 'brine');

function run(program, args, cwd) {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(stdout ?? '');
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(' ')} ended with status ${status}`);
  return stdout;
}

try {
  run('git', ['clone', '--quiet', root, clone], root);
  for (const round of ['first', 'second']) {
    const output = run('npm', ['start', '--', '--once'], clone);
    for (const id of ['m1', 'm2', 'm3']) {
      if (!output.includes(`${id}:\n    True`)) throw new Error(`${id} did not answer test.ping at the ${round} start`);
    }
  }
  console.log('fresh clone: both starts answered');
} finally {
  rmSync(join(clone, '..'), { recursive: true, force: true });
}
