import { globMatcher } from '../target/glob.ts';

/** What a function says of itself. */
export interface Documented {
  readonly summary: string;
  readonly description?: string | undefined;
  readonly returns?: string | undefined;
  readonly examples: readonly string[];
}

/** A function's documentation as `sys.doc` prints it. */
export function docText(name: string, spec: Documented): string {
  const parts = [spec.summary];
  if (spec.description !== undefined) parts.push(spec.description.trim());
  if (spec.returns !== undefined) parts.push(`Returns ${spec.returns}`);
  if (spec.examples.length > 0) {
    parts.push(`CLI Example${spec.examples.length > 1 ? 's' : ''}:`);
    parts.push(spec.examples.map((line) => `    ${line}`).join('\n'));
  } else parts.push(`See ${name}.`);
  return `${parts.join('\n\n')}\n`;
}

/** The same, indented as a Python docstring is, for that is what Salt sends and prints. */
export function docstring(name: string, spec: Documented): string {
  const lines = docText(name, spec).trimEnd().split('\n');
  return `\n${lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}\n    `;
}

/** Whole names that one of the patterns means: a module's name, a function's name or a glob. All without patterns. */
export function selectNames(names: readonly string[], patterns: readonly unknown[]): readonly string[] {
  if (patterns.length === 0) return names;
  const tests = patterns.map((pattern) => nameTest(String(pattern)));
  return names.filter((name) => tests.some((matches) => matches(name)));
}

function nameTest(pattern: string): (name: string) => boolean {
  if (/[*?[]/.test(pattern)) return globMatcher(pattern);
  // `sys` and `sys.` mean the module sys, and not sysctl.
  const module = pattern.endsWith('.') ? pattern : `${pattern}.`;
  return (name) => name === pattern || name.startsWith(module);
}
