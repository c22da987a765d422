'use strict';

/**
 * What `require` and `import()` are between the chunks of a bundle. A plain chunk is a function, a packed one is read,
 * unpacked and compiled when it is first asked for, so that what is not used costs nothing: `packed` tells where it is in
 * the open file, behind `packedAt`, and how long, bytes.
 */
module.exports = function loadChunks({ url, file, require, importFile, fd, packedAt }, plain, packed) {
  const made = new Map();

  const read = ([from, length]) => {
    const bytes = Buffer.allocUnsafeSlow(length);
    require('node:fs').readSync(fd, bytes, 0, length, packedAt + from);
    return bytes.latin1Slice();
  };
  const textOf = (id) => {
    try {
      return require('node:zlib')
        .brotliDecompressSync(Buffer.from(read(packed[id]), 'base64'))
        .latin1Slice();
    } catch {
      return '';
    }
  };
  const unpack = (id) => {
    const vm = require('node:vm');
    const text = textOf(id);
    // The file was not replaced, as it should be, but written over.
    if (!text.startsWith(`//${id}\n`)) throw new Error(`${file} is another program by now: start it again`);
    const parameters = ['require', 'exports', 'module', 'load', 'importFile', 'BUNDLE_URL'];
    return vm.compileFunction(text, parameters, { filename: `${file}/${id}` });
  };
  const requireChunk = (id) => {
    const before = made.get(id);
    if (before !== undefined) return before.exports;
    const isPlain = Object.hasOwn(plain, id);
    if (!isPlain && !Object.hasOwn(packed, id)) return require(id);
    const module = { exports: {} };
    made.set(id, module);
    const run = isPlain ? plain[id] : unpack(id);
    run(requireChunk, module.exports, module, load, importFile, url);
    return module.exports;
  };
  const load = async (id) => requireChunk(id);
  return requireChunk;
};
