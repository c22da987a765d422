import { createHash } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';

/**
 * A program as one file in CommonJS. Node reads its head alone as code, which defines `runBundle`; behind it, as a
 * comment, stand what the program starts with, plain chunks as functions, and all others, packed. `loader` defines
 * `loadChunks` and `keepCode`.
 */
export function writeBundle({ name, version, nodeMin, head, loader, entry, plain, others }) {
  const functions = [...plain].map(
    ([id, code]) => `${JSON.stringify(id)}(require,exports,module,load,importFile,BUNDLE_URL){${code}}`,
  );
  let packed = '';
  const places = [...others].map(([id, code]) => {
    const text = pack(`//${id}\n${code}`);
    const place = `${JSON.stringify(id)}:[${packed.length},${text.length}]`;
    packed += text;
    return place;
  });
  const start = `(function(bundle,unkept){const {require}=bundle;${loader}
loadChunks(bundle,{
${functions.join(',\n')}
},{${places.join(',')}})(${JSON.stringify(entry)}).start(unkept&&(()=>keepCode(unkept)));
})`;
  const comment = `//${start.replaceAll('\n', '\n//')}\n//`;
  const id = createHash('sha256').update(start).digest('base64url').slice(0, 16);
  const sizes = `{ id: '${id}', start: ${comment.length - 2}, packed: ${packed.length} }`;
  return `${openingOf(name, version, nodeMin)}
${head}
runBundle(${sizes});
}
${comment}${packed}`;
}

/** See docs/decisions for the flags: code that runs in threads has the heap of its thread. */
function openingOf(name, version, [major, minor]) {
  return `#!/usr/bin/env node
'use strict';
const node = process.versions.node.split('.').map(Number);
if (process.argv.includes('--version')) console.log('${name} ${version}');
else if (node[0] < ${major} || (node[0] === ${major} && node[1] < ${minor})) {
  console.error('${name}: Node ${major}.${minor} or newer is needed, this is ' + process.versions.node);
  process.exitCode = 78;
} else {
if (require('node:worker_threads').isMainThread) {
  require('node:v8').setFlagsFromString('--optimize-for-size');
  require('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
}`;
}

/** Chunks are ASCII: esbuild escapes all else. */
function pack(code) {
  const packed = brotliCompressSync(Buffer.from(code, 'ascii'), {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  });
  return packed.toString('base64');
}
