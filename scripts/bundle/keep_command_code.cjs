// `node keep_command_code.cjs START NAME WORDS...`: runs a command as START does, and keeps what V8 compiled of it.
'use strict';

const keepCode = require('./keep_code.cjs');

const [start, name, ...words] = process.argv.slice(2);
process.argv = [process.execPath, name, ...words];
const { ended, ...compiled } = require(start)(name, (url) => import(url));
void ended.then(() => keepCode(compiled));
