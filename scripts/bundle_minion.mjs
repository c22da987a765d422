// `npm run bundle:minion [-- --out DIR]`: the minion as one file that needs nothing but Node. Plain JavaScript.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleChunks } from './bundle/bundle_chunks.mjs';
import { bundleFunction } from './bundle/bundle_function.mjs';
import { writeBundle } from './bundle/write_bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist', 'bundle') } } });
const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const text = writeBundle({
  name: 'salt-minion',
  version,
  nodeMin: engines.node.match(/\d+/g).map(Number),
  head: await bundleFunction(root, 'runBundle'),
  loader: (await bundleFunction(root, 'loadChunks')) + (await bundleFunction(root, 'keepCode')),
  ...(await bundleChunks(root)),
});
const file = join(resolve(values.out), 'salt-minion.cjs');
mkdirSync(resolve(values.out), { recursive: true });
writeFileSync(`${file}.new`, text);
chmodSync(`${file}.new`, 0o755);
// A minion that runs from it keeps the old file.
renameSync(`${file}.new`, file);
console.log(`${relative(process.cwd(), file)}: ${(text.length / 1e6).toFixed(2)} MB`);
