import { brotliCompressSync, constants } from 'node:zlib';

/**
 * A program as one file in CommonJS: what `loader` needs to start with `entry`, plain chunks as functions, all others
 * packed. A text of a packed one stands in a function as well, so that it is no value before it is asked for.
 */
export function writeBundle({ name, version, nodeMin, loader, entry, plain, others }) {
  const functions = [...plain].map(
    ([id, code]) => `${JSON.stringify(id)}(require,exports,module,load,BUNDLE_URL){${code}}`,
  );
  const texts = [...others].map(([id, code]) => `${JSON.stringify(id)}:()=>"${pack(code)}"`);
  return `${head(name, version, nodeMin)}
const url = require('node:url').pathToFileURL(__filename).href;
const loader = { exports: {} };
(function (module) {${loader}})(loader);
loader.exports({ url, file: __filename, require }, {
${functions.join(',\n')}
}, {
${texts.join(',\n')}
})(${JSON.stringify(entry)});
}
`;
}

/** See docs/decisions for the flags: code that runs in threads has the heap of its thread. */
function head(name, version, [major, minor]) {
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
