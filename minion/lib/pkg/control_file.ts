/** Debian's control file format: paragraphs of `Name: value`, where a line that begins with a blank goes on. */
export type Paragraph = ReadonlyMap<string, string>;

/** Each paragraph with its field names in lower case. Comment lines are left out. */
export function parseParagraphs(text: string): Paragraph[] {
  return text
    .split(/\n[ \t]*\n/)
    .map(parseParagraph)
    .filter((paragraph) => paragraph.size > 0);
}

function parseParagraph(text: string): Paragraph {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    if (/^[ \t]/.test(line)) {
      if (current !== undefined) fields.set(current, `${fields.get(current)}\n${line.slice(1)}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    current = line.slice(0, colon).toLowerCase();
    fields.set(current, line.slice(colon + 1).trim());
  }
  return fields;
}
