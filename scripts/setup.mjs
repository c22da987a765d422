// Installs and builds what is missing or out of date. Plain JavaScript without dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE_MIN = [20, 19];
const SOURCES = ['broker', 'cli', 'master', 'minion', 'scripts', 'shared'];

function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    fail(`Node ${NODE_MIN.join('.')} or newer is needed, this is ${process.versions.node}`);
  }
  const marker = `${root}node_modules/.package-lock.json`;
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs) return;
  console.log('Installing the packages that package-lock.json names …');
  run('npm', ['ci', '--loglevel=error']);
}

export async function ensureBuilt() {
  ensureInstalled();
  if (isFresh('dist/package.json')) return;
  console.log('Building …');
  run(process.execPath, [`${root}scripts/build.mjs`]);
}

/** Whether this file was written after the sources, and what is in those other folders. */
export function isFresh(file, folders = []) {
  const written = statSync(root + file, { throwIfNoEntry: false });
  return written !== undefined && newest([...SOURCES, ...folders].map((folder) => root + folder)) <= written.mtimeMs;
}

function newest(folders) {
  let newestMs = 0;
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      newestMs = Math.max(newestMs, statSync(`${entry.parentPath ?? entry.path}/${entry.name}`).mtimeMs);
    }
  }
  return newestMs;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`${program} ${args[0]} failed${error ? `: ${error.message}` : ` with status ${status}`}`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
