/** What a letter after a backslash stands for, in Python's literals and patterns and in YAML alike. */
export const CONTROLS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** How many hexadecimal digits of a code point follow the letter. */
export const CODE_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
