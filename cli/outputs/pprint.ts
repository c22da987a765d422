import { defineOutput } from '../output.ts';
import { pyFormat } from '../py_format.ts';

export default defineOutput({
  summary: "Python's pretty print, broken at 80 columns.",
  format: (data, { indent }) => pyFormat(data, typeof indent === 'number' && indent >= 0 ? indent : 1),
});
