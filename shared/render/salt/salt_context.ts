const MARKER = '    <======================';
const LINES_AROUND = 5;

/** The lines around a line (from 1), that one marked, as Salt shows them in its messages; the whole text when there is no such line. */
export function saltContext(text: string, line: number): string {
  const lines = text.replace(/\n$/, '').split('\n');
  if (line > lines.length) return text;
  const start = Math.max(0, line - LINES_AROUND - 1);
  const end = Math.min(lines.length, line + LINES_AROUND);
  const shown = lines.slice(start, end).map((shownLine, index) => {
    return start + index === line - 1 ? shownLine + MARKER : shownLine;
  });
  if (start > 0) shown.unshift('[...]');
  if (end < lines.length) shown.push('[...]');
  return `---\n${shown.join('\n')}\n---`;
}
