import { writeFileSync } from 'node:fs';

const text = `const vm = require('node:vm');
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    const what = options.cachedData === undefined ? 'not there' : this.cachedDataRejected ? 'refused' : 'taken';
    process.stderr.write('kept code: ' + what + '\\n');
  }
};
`;

/** The environment of a program that tells on standard error what V8 does with the code that was kept for it. */
export function tellOfKeptCode(file: string, moreText = ''): { readonly NODE_OPTIONS: string } {
  writeFileSync(file, text + moreText);
  return { NODE_OPTIONS: `--require ${file}` };
}
