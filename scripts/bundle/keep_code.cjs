'use strict';

const codeSeal = require('./code_seal.cjs');

/**
 * Keeps what V8 has compiled of the script until now, functions that have run included: half of a start is compiling.
 * Where it may not write, all goes on without.
 */
module.exports = async function keepCode({ id, script, codeFile }) {
  const { access, constants, open, rename, rm } = require('node:fs/promises');
  const beside = `${codeFile}.new`;
  try {
    await access(require('node:path').dirname(codeFile), constants.W_OK);
    await rm(beside, { force: true });
    const file = await open(beside, 'wx', 0o644);
    try {
      const code = script.createCachedData();
      await file.writeFile(code);
      await file.writeFile(codeSeal(id, code));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(beside, codeFile);
  } catch {
    await rm(beside, { force: true }).catch(() => undefined);
  }
};
