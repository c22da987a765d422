import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleCommand } from './bundle_command.mjs';
import { bundleFunction } from './bundle_function.mjs';
import { playMaster } from './play_master.mjs';

const keepCode = fileURLToPath(new URL('keep_command_code.cjs', import.meta.url));

/** `start.cjs` of the directory `out`, which starts the commands that are built there. */
export async function buildStart(root, out) {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'start.cjs'), `${await bundleFunction(root, 'startCommand')}module.exports=startCommand;\n`);
}

/**
 * A command of operators as one script in the directory `out`, and the code that V8 compiles of it when it is run with
 * `words` and answered with `steps`: to compile it takes longer than all else that the command does.
 */
export async function buildCommand(root, out, name, words, steps) {
  writeFileSync(join(out, `${name}.js`), await bundleCommand(root, `cli/commands/${name.replaceAll('-', '_')}.ts`));
  const dir = mkdtempSync(join(tmpdir(), 'brine-build-'));
  const master = await playMaster(join(dir, 'operator.sock'), steps);
  try {
    writeFileSync(join(dir, 'master'), JSON.stringify({ root_dir: dir, sock_dir: dir }));
    await promisify(execFile)(process.execPath, [keepCode, join(out, 'start.cjs'), name, '-c', dir, ...words]);
  } finally {
    master.close();
    rmSync(dir, { recursive: true });
  }
}
