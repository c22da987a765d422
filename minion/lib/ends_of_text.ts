/** Of an output that is too large to be kept, this much of each end is, characters. */
export const END_CHARACTERS = 2048;

/** What is left of a text that is too large, for a person. */
export function endsOfText(head: string, tail: string): string {
  return `--- it begins with:\n${head}\n--- it ends with:\n${tail}`;
}
