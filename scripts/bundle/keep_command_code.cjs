// `node keep_command_code.cjs START NAME WORDS...`: runs a command as START does, and keeps what V8 compiled of it.
'use strict';

const { chmodSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const codeSeal = require('./code_seal.cjs');

const [start, name, ...words] = process.argv.slice(2);
process.argv = [process.execPath, name, ...words];
const file = join(dirname(start), `${name}.js`);
const script = require(start)(name, (url) => import(url));
process.once('exit', (status) => {
  if (status !== 0) return;
  const code = script.createCachedData();
  const id = readFileSync(file, 'latin1').slice(2).split('\n', 1)[0];
  writeFileSync(`${file}.cache`, Buffer.concat([code, Buffer.from(codeSeal(id, code))]));
  // Whatever the umask: code that a group may write is not believed.
  chmodSync(`${file}.cache`, 0o644);
});
