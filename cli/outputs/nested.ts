import { nestedLines } from '../nested_lines.ts';
import { defineOutput } from '../output.ts';
import { paletteFor } from '../palette.ts';

export default defineOutput({
  summary: 'Indented keys and values, for reading. The default.',
  format(data, { colour, retcode = 0 }) {
    return nestedLines(data, { palette: paletteFor(colour), failed: retcode !== 0 }).join('\n');
  },
});
