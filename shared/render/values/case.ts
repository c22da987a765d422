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
  for (const character of text) {
    out += previousCased ? lower(character) : capital(character);
    previousCased = UPPER.test(character) || LOWER.test(character);
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
  for (const character of text) out += UPPER.test(character) ? character.toLowerCase() : character.toUpperCase();
  return out;
}

function lower(character: string): string {
  return character.toLowerCase();
}

// Title case of a letter that upper-cases to several (ß → SS) is only capital at its start (Ss).
function capital(character: string): string {
  const [first = '', ...rest] = character.toUpperCase();
  return first + rest.join('').toLowerCase();
}
