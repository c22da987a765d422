/**
 * The line (from 1) of a template that a line of its output was printed by; undefined when none or several could have been. What
 * a template prints has no line numbers, so lines are compared: `{{ … }}` may have printed anything, tags nothing.
 */
export function templateLineOf(template: string, output: string, outputLine: number): number | undefined {
  if (template === output) return outputLine;
  const printed = output.split('\n')[outputLine - 1]?.trim();
  if (printed === undefined || printed === '') return undefined;
  const lines = template.split('\n');
  const same = matching(lines, (line) => line.trim() === printed);
  if (same.length > 0) return only(same);
  return only(matching(lines, (line) => linePattern(line)?.test(printed) ?? false));
}

function matching(lines: readonly string[], matches: (line: string) => boolean): number[] {
  return lines.flatMap((line, index) => (matches(line) ? [index + 1] : []));
}

function only(lines: readonly number[]): number | undefined {
  return lines.length === 1 ? lines[0] : undefined;
}

/** Undefined for a line without text of its own, which could have printed any line. */
function linePattern(line: string): RegExp | undefined {
  const parts = line
    .replace(/\{%.*?%\}|\{#.*?#\}/g, '')
    .trim()
    .split(/\{\{.*?\}\}/);
  if (parts.join('').trim() === '') return undefined;
  return new RegExp(`^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')}$`);
}
