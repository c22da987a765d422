'use strict';

/** What ends the file of compiled code. V8 itself compares its version, its flags and a length, and believes the rest. */
module.exports = function codeSeal(id, code) {
  const digest = require('node:crypto').createHash('sha256').update(code).digest('hex');
  return `\n${id} ${process.version} ${process.arch} ${digest}\n`;
};
