import { defineOutput } from '../output.ts';

export default defineOutput({
  summary: 'Nothing at all; the exit status tells.',
  format: () => '',
});
