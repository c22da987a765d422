'use strict';

const codeSeal = require('./code_seal.cjs');
const readBytes = require('./read_bytes.cjs');

/** The compiled code that a former process kept; undefined when it is of no use. */
module.exports = function findCode(id, path) {
  const fs = require('node:fs');
  let fd;
  try {
    fd = fs.openSync(path);
    const { uid, mode, size } = fs.fstatSync(fd);
    // Who writes it decides what this process runs.
    if ((uid !== 0 && uid !== process.geteuid()) || (mode & 0o022) !== 0) return undefined;
    const bytes = readBytes(fd, 0, size);
    const code = bytes.subarray(0, -codeSeal(id, '').length);
    return bytes.latin1Slice(code.length) === codeSeal(id, code) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
};
