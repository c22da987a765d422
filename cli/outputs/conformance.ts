import { isDict, pyStr } from '../../shared/python_text.ts';
import { nestedLines } from '../nested_lines.ts';
import { defineOutput } from '../output.ts';
import { type Colour, type Palette, paletteFor } from '../palette.ts';
import { stripControl } from '../strip_control.ts';

const colours: Readonly<Record<string, Colour>> = { passed: 'green', failed: 'lightRed', absent: 'lightYellow' };
const WORD_COLUMNS = 11;

export default defineOutput({
  summary: 'What a minion made of the jobs of conformance.run: its level, what was measured, a line for each check.',
  format(data, { colour }) {
    const palette = paletteFor(colour);
    if (!isDict(data) || !Array.isArray(data.checks)) return nestedLines(data, { palette, failed: false }).join('\n');
    const { minion, level, checks, window, round_trip_ms: roundTrip } = data;
    const packet = isDict(data.max_packet) ? data.max_packet : {};
    return [
      `${palette.cyan}${stripControl(pyStr(minion))}${palette.end}: level ${pyStr(level)}`,
      `  packets of ${pyStr(packet.answered)} bytes (declared: ${pyStr(packet.declared)}), window ${pyStr(window)}, ` +
        `round trip ${typeof roundTrip === 'number' ? `${roundTrip} ms` : 'unknown'}`,
      ...checks.filter(isDict).flatMap((check) => checkLines(check, palette)),
    ].join('\n');
  },
});

function checkLines(check: Readonly<Record<string, unknown>>, palette: Palette): string[] {
  const result = pyStr(check.result);
  const name = colours[result];
  const word = result.padEnd(WORD_COLUMNS - 2);
  const shown = name === undefined ? word : `${palette[name]}${word}${palette.end}`;
  const more = (text: unknown, before: string): string[] =>
    typeof text === 'string' ? [`${' '.repeat(WORD_COLUMNS + 5)}${before}${stripControl(text)}`] : [];
  return [
    `  ${shown} ${pyStr(check.level)}  ${stripControl(pyStr(check.name))}`,
    ...more(check.why, ''),
    ...more(check.should, 'it should '),
  ];
}
