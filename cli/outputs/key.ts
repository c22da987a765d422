import { isDict, pyStr } from '../../shared/python_text.ts';
import { nestedLines } from '../nested_lines.ts';
import { defineOutput } from '../output.ts';
import { type Colour, type Palette, paletteFor } from '../palette.ts';
import { stripControl } from '../strip_control.ts';

const headings: Readonly<Record<string, readonly [title: string, heading: Colour, key: Colour]>> = {
  local: ['Local Keys:', 'lightMagenta', 'magenta'],
  minions: ['Accepted Keys:', 'lightGreen', 'green'],
  minions_denied: ['Denied Keys:', 'lightMagenta', 'magenta'],
  minions_pre: ['Unaccepted Keys:', 'lightRed', 'red'],
  minions_rejected: ['Rejected Keys:', 'lightBlue', 'blue'],
};

export default defineOutput({
  summary: 'The keys of minions under the heading of their status, with fingerprints if there are any.',
  format(data, { colour }) {
    const palette = paletteFor(colour);
    const isKeyList = isDict(data) && Object.keys(data).every((status) => Object.hasOwn(headings, status));
    if (!isKeyList) return nestedLines(data, { palette, failed: false }).join('\n');
    return Object.keys(data)
      .sort()
      .flatMap((status) => statusLines(status, data[status], palette))
      .join('\n');
  },
});

function statusLines(status: string, keys: unknown, palette: Palette): string[] {
  const [title, heading, key] = headings[status] as readonly [string, Colour, Colour];
  return [
    `${palette[heading]}${title}${palette.end}`,
    ...keyTexts(keys).map((text) => `${palette[key]}${stripControl(text)}${palette.end}`),
  ];
}

function keyTexts(keys: unknown): string[] {
  if (Array.isArray(keys)) return keys.map(pyStr).sort();
  if (!isDict(keys)) return [];
  const ids = Object.keys(keys).sort();
  return ids.map((id) => `${id}:  ${pyStr(keys[id])}`);
}
