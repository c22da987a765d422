'use strict';

/** Bytes from `from` on. In memory of their own, which is given back: what malloc got for it once, it keeps. */
module.exports = function readBytes(fd, from, length) {
  const bytes = Buffer.from(new ArrayBuffer(length, { maxByteLength: length }));
  return bytes.subarray(0, require('node:fs').readSync(fd, bytes, 0, length, from));
};
