// Python's str.isspace set; JavaScript's \s lacks \x1c-\x1f and \x85 and has U+FEFF.
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** Python's white space as the inside of a regular expression's character class. */
export const PY_SPACE = SPACE;

const LEADING = new RegExp(`^[${SPACE}]+`);
const TRAILING = new RegExp(`(?<![${SPACE}])[${SPACE}]+$`);
const ONLY = new RegExp(`^[${SPACE}]+$`);

/** `text.lstrip()`. */
export function stripStart(text: string): string {
  return text.replace(LEADING, '');
}

/** `text.rstrip()`. */
export function stripEnd(text: string): string {
  return text.replace(TRAILING, '');
}

/** `text.isspace()`. */
export function isSpace(text: string): boolean {
  return ONLY.test(text);
}
