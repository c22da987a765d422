import { pyRepr } from '../../shared/python_text.ts';
import { defineOutput } from '../output.ts';
import { stripControl } from '../strip_control.ts';

export default defineOutput({
  summary: 'The Python literal of the return.',
  format: (data) => (typeof data === 'string' ? stripControl(data) : pyRepr(data)),
});
