import { escapeHtml } from '../values/markup.ts';
import { PY_SPACE } from '../values/py_space.ts';

const HOST = '(?:https?:\\/\\/|www\\.)(?:(?:[\\w%-]+\\.)+)?(?:[a-z]{2,63}|xn--[\\w%]{2,59})';
const PLAIN_HOST = '(?:[\\w%-]{2,63}\\.)+(?:com|net|int|edu|gov|org|info|mil)';
const ADDRESS = 'https?:\\/\\/(?:\\d{1,3}(?:\\.\\d{1,3}){3}|\\[(?:[\\da-f]{0,4}:){2}(?:[\\da-f]{0,4}:?){1,6}\\])';
const URL_PATTERN = new RegExp(`^(?:${HOST}|${PLAIN_HOST}|${ADDRESS})(?::\\d{1,5})?(?:[/?#]\\S*)?$`, 'i');
const EMAIL = /^\S+@\w[\w.-]*\.\w+$/;
const SPACES = new RegExp(`([${PY_SPACE}]+)`);
const BRACKETS = [
  ['(', ')'],
  ['<', '>'],
  ['&lt;', '&gt;'],
] as const;

/** How links are written. */
export interface LinkStyle {
  /** Characters of a shown address; longer ones are cut. */
  readonly limit: number | undefined;
  readonly rel: string | undefined;
  readonly target: string | undefined;
  readonly extraSchemes: readonly string[];
}

/** The text, escaped, with its web and mail addresses as links. */
export function linkAddresses(text: string, style: LinkStyle): string {
  return text
    .split(SPACES)
    .map((word) => linkWord(word, style))
    .join('');
}

// No address is longer, and the patterns take time that grows with the square of a word.
const WORD_MAX = 4096;

function linkWord(word: string, style: LinkStyle): string {
  if (word.length > WORD_MAX) return word;
  const [head = ''] = /^(?:[(<]|&lt;)+/.exec(word) ?? [];
  const body = word.slice(head.length);
  const [ending = ''] = /(?:[)>.,\n]|&gt;)+$/.exec(body) ?? [];
  const { middle, tail } = balance(body.slice(0, body.length - ending.length), ending);
  return head + linkAddress(middle, style) + tail;
}

/** Gives an address back the closing brackets it opened. */
function balance(address: string, ending: string): { middle: string; tail: string } {
  let middle = address;
  let tail = ending;
  const count = (text: string, part: string) => text.split(part).length - 1;
  for (const [open, close] of BRACKETS) {
    const opened = count(middle, open);
    if (opened <= count(middle, close)) continue;
    for (let left = Math.min(opened, count(tail, close)); left > 0; left--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return { middle, tail };
}

function linkAddress(address: string, style: LinkStyle): string {
  const rel = style.rel ? ` rel="${escapeHtml(style.rel)}"` : '';
  const target = style.target ? ` target="${escapeHtml(style.target)}"` : '';
  if (URL_PATTERN.test(address)) {
    const shown =
      style.limit !== undefined && address.length > style.limit ? `${address.slice(0, style.limit)}...` : address;
    const href = /^https?:\/\//.test(address) ? address : `https://${address}`;
    return `<a href="${href}"${rel}${target}>${shown}</a>`;
  }
  if (address.startsWith('mailto:') && EMAIL.test(address.slice(7))) {
    return `<a href="${address}">${address.slice(7)}</a>`;
  }
  if (!address.startsWith('www.') && !address.includes(':') && EMAIL.test(address)) {
    return `<a href="mailto:${address}">${address}</a>`;
  }
  const scheme = style.extraSchemes.find((candidate) => address !== candidate && address.startsWith(candidate));
  return scheme === undefined ? address : `<a href="${address}"${rel}${target}>${address}</a>`;
}
