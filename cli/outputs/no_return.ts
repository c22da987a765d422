import { isDict } from '../../shared/python_text.ts';
import { defineOutput } from '../output.ts';
import { type Palette, paletteFor } from '../palette.ts';
import { stripControl } from '../strip_control.ts';

export default defineOutput({
  summary: 'What is said of a minion that did not return.',
  format: (data, { colour }) => silentLines(data, paletteFor(colour), '').join('\n'),
});

function silentLines(value: unknown, palette: Palette, space: string): string[] {
  if (typeof value === 'string') {
    return value.split('\n').map((line) => `${palette.red}${space}${stripControl(line)}${palette.end}`);
  }
  if (!isDict(value)) return [];
  return Object.keys(value)
    .sort()
    .flatMap((key) => [
      `${palette.cyan}${space}${stripControl(key)}${palette.end}:`,
      ...silentLines(value[key], palette, `${space}    `),
    ]);
}
