'use strict';

const findCode = require('./find_code.cjs');
const readBytes = require('./read_bytes.cjs');

/**
 * Runs the program that stands in the comment at the end of this file: `start` bytes that it begins with, whose compiled
 * code is kept, and `packed` bytes. They are read from the file that was opened, which stays what it is when another
 * takes its place. No function from here may outlive the start: it would hold the text of the whole file.
 */
module.exports = function runBundle({ id, start, packed }) {
  const fs = require('node:fs');
  const vm = require('node:vm');
  const fd = fs.openSync(__filename);
  const packedAt = fs.fstatSync(fd).size - packed;
  const codeFile = `${__filename}.cache`;
  // A thread runs little of it, in a heap of its own.
  const isKept = require('node:worker_threads').isMainThread && !process.env.NODE_DISABLE_COMPILE_CACHE;
  const text = readBytes(fd, packedAt - start, start).latin1Slice();
  const script = new vm.Script(text.replaceAll('\n//', '\n'), {
    filename: `${__filename}/start`,
    cachedData: isKept ? findCode(id, __filename) : undefined,
  });
  // Modules of the operator are files of their own. Code of before has no import() of its own: it does not know how.
  const importFile = vm.compileFunction('return import(url)', ['url'], {
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const url = require('node:url').pathToFileURL(__filename).href;
  const unkept = isKept && script.cachedDataRejected !== false ? { id, script, codeFile } : undefined;
  script.runInThisContext()({ url, file: __filename, require, importFile, fd, packedAt }, unkept);
};
