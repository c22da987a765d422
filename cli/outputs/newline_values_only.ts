import { isDict, pyStr } from '../../shared/python_text.ts';
import { defineOutput } from '../output.ts';
import { stripControl } from '../strip_control.ts';

export default defineOutput({
  summary: 'The values without the minion ids, a line each; the items of a list a line each.',
  format(data) {
    const values = isDict(data) ? Object.values(data) : [data];
    return stripControl(values.flat().map(pyStr).join('\n'));
  },
});
