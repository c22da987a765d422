/** Text as Python's `textwrap` fills it: lines of at most `width` columns, the indentation included. */
export function wrapText(text: string, width: number, indent: string): string {
  const room = width - indent.length;
  const pieces = text.replaceAll(/\s/g, ' ').split(pieceEnd);
  const lines: string[] = [];
  while (pieces.length > 0) {
    if (lines.length > 0 && isBlank(pieces)) pieces.shift();
    const line = takeLine(pieces, room);
    if (line !== '') lines.push(indent + line);
  }
  return lines.join('\n');
}

/** Before and after white space, and after the hyphen of a compound word. */
const pieceEnd = /(?<= )(?=\S)|(?<=\S)(?= )|(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])/u;

function isBlank(pieces: readonly string[]): boolean {
  return pieces[0]?.trim() === '';
}

/** Takes off what one line holds; a piece longer than a line is cut. */
function takeLine(pieces: string[], room: number): string {
  let line = '';
  while (pieces[0] !== undefined && line.length + pieces[0].length <= room) line += pieces.shift();
  const [long] = pieces;
  if (long !== undefined && long.length > room) {
    const free = Math.max(1, room - line.length);
    const hyphen = long.lastIndexOf('-', free - 1);
    const end = hyphen > 0 ? hyphen + 1 : free;
    line += long.slice(0, end);
    pieces[0] = long.slice(end);
  }
  return line.trimEnd();
}
