// A quarter of a command's text, and of what runs before its first line: loaded when there is a regular expression.
for (const name of ['RE2JS', 'RE2JSException', 'RE2JSSyntaxException']) {
  Object.defineProperty(exports, name, {
    enumerable: true,
    get: () => require('../../node_modules/re2js/build/index.cjs')[name],
  });
}
