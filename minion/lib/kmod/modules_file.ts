import { linesOf } from '../text_lines.ts';

/** A file of kernel modules to load at the boot: one in a line, with its parameters behind it, and comments. */

/** Dashes and underscores are the same to the kernel, which has underscores. */
export function moduleName(text: string): string {
  return (text.trim().split(/\s+/)[0] ?? '').replaceAll('-', '_');
}

/** The names in the file, sorted. */
export function listedModules(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*([#;]|$)/.test(line));
  return [...new Set(lines.map(moduleName))].sort();
}

/** A line that is a comment becomes one that counts again; otherwise a new one goes to the end. */
export function withModule(text: string, module: string): string {
  const lines = linesOf(text);
  const place = lines.findIndex((line) => commented(line) === module.trim());
  const changed = place === -1 ? [...lines, module.trim()] : lines.with(place, module.trim());
  return `${changed.join('\n')}\n`;
}

/** Makes comments of the lines of a module, or takes them out. */
export function withoutModule(text: string, module: string, asComment: boolean): string {
  const name = moduleName(module);
  const lines = text.split('\n').flatMap((line) => {
    if (/^\s*([#;]|$)/.test(line) || moduleName(line) !== name) return [line];
    return asComment ? [`#${line}`] : [];
  });
  return lines.join('\n');
}

function commented(line: string): string | undefined {
  return /^#[\t ]*(.*?)[\t ]*$/.exec(line)?.[1];
}
