/** Runs of one kind in a version, as most package managers order them. */

/** Digits of any length: a date and a serial number are more than a number holds exactly. */
export function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length - right.length || compareLetters(left, right);
}

export function compareLetters(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** What a pattern finds, empty when it finds nothing. */
export function leading(pattern: RegExp, text: string): string {
  return pattern.exec(text)?.[0] ?? '';
}
