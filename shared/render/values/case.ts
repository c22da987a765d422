const UPPER = /\p{Uppercase}|\p{Lt}/u;
const LOWER = /\p{Lowercase}/u;
const TITLE = /\p{Lt}/u;

/** `text.isupper()`. */
export function isUpper(text: string): boolean {
  return /\p{Uppercase}/u.test(text) && !LOWER.test(text) && !TITLE.test(text);
}

/** `text.islower()`. */
export function isLower(text: string): boolean {
  return LOWER.test(text) && !UPPER.test(text);
}

/** `text.istitle()`. */
export function isTitle(text: string): boolean {
  let previousCased = false;
  let found = false;
  for (const character of text) {
    const upper = UPPER.test(character);
    if (upper ? previousCased : LOWER.test(character) && !previousCased) return false;
    previousCased = upper || LOWER.test(character);
    found ||= previousCased;
  }
  return found;
}

/** `text.title()`: each run of letters starts with a capital. */
export function toTitle(text: string): string {
  let out = '';
  let previousCased = false;
  let at = 0;
  for (const character of text) {
    out += previousCased ? lower(text, at, character) : capital(character);
    previousCased = UPPER.test(character) || LOWER.test(character);
    at += character.length;
  }
  return out;
}

/** `text.capitalize()`. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = text;
  return capital(first) + rest.join('').toLowerCase();
}

/** `text.swapcase()`. */
export function swapCase(text: string): string {
  let out = '';
  let at = 0;
  for (const character of text) {
    out += UPPER.test(character) ? lower(text, at, character) : character.toUpperCase();
    at += character.length;
  }
  return out;
}

/** `text.casefold()`, as far as JavaScript knows: ß and the sigma at the end of a word are letters of their own only in lower case. */
export function caseFold(text: string): string {
  return text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
}

// A sigma is written otherwise at the end of a word, so the word has to be seen.
function lower(text: string, at: number, character: string): string {
  if (character !== 'Σ') return character.toLowerCase();
  return text.toLowerCase().length === text.length ? text.toLowerCase().charAt(at) : 'σ';
}

// Letters of two, of which only the first is large in title case; JavaScript cannot tell.
const DIGRAPHS: Readonly<Record<string, string>> = { Ǆ: 'ǅ', ǆ: 'ǅ', Ǉ: 'ǈ', ǉ: 'ǈ', Ǌ: 'ǋ', ǌ: 'ǋ', Ǳ: 'ǲ', ǳ: 'ǲ' };

// Title case of a letter that upper-cases to several (ß → SS) is only capital at its start (Ss).
function capital(character: string): string {
  const digraph = DIGRAPHS[character];
  if (digraph !== undefined) return digraph;
  const [first = '', ...rest] = character.toUpperCase();
  return first + rest.join('').toLowerCase();
}
