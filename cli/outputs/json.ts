import { isDict, pyRepr } from '../../shared/python_text.ts';
import { defineOutput } from '../output.ts';

export default defineOutput({
  summary: 'JSON: one document a minion as it returns, one for all with --static.',
  format(data, { indent = 4 }) {
    const pretty = indent === 'pretty';
    const step = pretty ? 4 : indent;
    return write(data, { sortKeys: pretty, space: step < 0 ? undefined : ' '.repeat(step) }, '');
  },
});

interface Layout {
  readonly sortKeys: boolean;
  /** What one level is indented by; undefined: all in one line. */
  readonly space: string | undefined;
}

function write(value: unknown, layout: Layout, before: string): string {
  if (Array.isArray(value))
    return enclose(
      '[]',
      value.map((item) => write(item, layout, deeper(layout, before))),
      layout,
      before,
    );
  if (isDict(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (layout.sortKeys) keys.sort();
    const items = keys.map((key) => `${writeText(key)}: ${write(value[key], layout, deeper(layout, before))}`);
    return enclose('{}', items, layout, before);
  }
  if (value instanceof Uint8Array) return writeText(pyRepr(value));
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' ? writeText(value) : JSON.stringify(value ?? null);
}

function deeper(layout: Layout, before: string): string {
  return before + (layout.space ?? '');
}

function enclose(brackets: '[]' | '{}', items: readonly string[], layout: Layout, before: string): string {
  const [open, close] = brackets;
  if (items.length === 0) return brackets;
  if (layout.space === undefined) return `${open}${items.join(', ')}${close}`;
  const inside = deeper(layout, before);
  return `${open}\n${inside}${items.join(`,\n${inside}`)}\n${before}${close}`;
}

/**
 * JSON lets the upper control characters through, and those that turn the direction of writing; a terminal would obey
 * them.
 */
function writeText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
