import { isDict, pyLines, pyStr } from '../../shared/python_text.ts';
import { defineOutput } from '../output.ts';
import { pyFormat } from '../py_format.ts';
import { stripControl } from '../strip_control.ts';

export default defineOutput({
  summary: 'A line for each line of the return: `id: text`.',
  format(data) {
    if (!isDict(data)) return typeof data === 'string' ? stripControl(data) : pyFormat(data);
    const lines = Object.entries(data).flatMap(([id, value]) => linesOf(value).map((line) => `${id}: ${line}`));
    return stripControl(lines.join('\n'));
  },
});

function linesOf(value: unknown): string[] {
  return typeof value === 'string' ? pyLines(value) : [pyStr(value)];
}
