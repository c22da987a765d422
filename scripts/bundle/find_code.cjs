'use strict';

const codeSeal = require('./code_seal.cjs');
const readBytes = require('./read_bytes.cjs');

/** The compiled code that is kept beside the program `file`; undefined when it is of no use. */
module.exports = function findCode(id, file) {
  const fs = require('node:fs');
  let fd;
  try {
    fd = fs.openSync(`${file}.cache`);
    const { uid, mode, size } = fs.fstatSync(fd);
    // Who writes it decides what this process runs, as who writes the program does.
    if (![0, process.geteuid(), fs.statSync(file).uid].includes(uid) || (mode & 0o022) !== 0) return undefined;
    const bytes = readBytes(fd, 0, size);
    const code = bytes.subarray(0, -codeSeal(id, '').length);
    return bytes.latin1Slice(code.length) === codeSeal(id, code) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
};
