'use strict';

/**
 * The head of a bundle: what `require` and `import()` are between its chunks. A plain chunk is a function, a packed one
 * is unpacked and compiled when it is first asked for, so that what is not used costs its packed text alone.
 */
module.exports = function loadChunks({ url, file, require }, plain, packed) {
  const made = new Map();

  const unpack = (id) => {
    const { brotliDecompressSync } = require('node:zlib');
    const vm = require('node:vm');
    const text = brotliDecompressSync(Buffer.from(packed[id](), 'base64')).toString('latin1');
    return vm.compileFunction(text, ['require', 'exports', 'module', 'load', 'BUNDLE_URL'], {
      filename: `${file}/${id}`,
      // Modules of the operator are files of their own.
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
  };
  const requireChunk = (id) => {
    const before = made.get(id);
    if (before !== undefined) return before.exports;
    const isPlain = Object.hasOwn(plain, id);
    if (!isPlain && !Object.hasOwn(packed, id)) return require(id);
    const module = { exports: {} };
    made.set(id, module);
    const run = isPlain ? plain[id] : unpack(id);
    run(requireChunk, module.exports, module, load, url);
    return module.exports;
  };
  const load = async (id) => requireChunk(id);
  return requireChunk;
};
