'use strict';

const findCode = require('./find_code.cjs');

/**
 * Runs a command of operators: the script `<name>.js` beside this file, with the code that V8 compiled of it when it
 * was built, if it is of use here. Answers with the script, its name in the seal of that code, where it is
 * kept, and when the command has ended.
 */
module.exports = function startCommand(name, importFile) {
  const path = require('node:path');
  const file = path.join(__dirname, `${name}.js`);
  const text = require('node:fs').readFileSync(file, 'latin1');
  const id = text.slice(2, text.indexOf('\n'));
  const { Script } = require('node:vm');
  const script = new Script(text, { filename: file, cachedData: findCode(id, file) });
  // Two levels below the root of the program, as the sources are that look for its folders.
  const url = require('node:url').pathToFileURL(path.join(__dirname, '../cli/commands', `${name}.js`)).href;
  return { id, script, codeFile: `${file}.cache`, ended: script.runInThisContext()(require, importFile, url).main() };
};
