/** A section of an INI file: its settings in order; what they are is the program's whose file it is. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Lines that begin with a blank go on with the value before them. Comments are left out. */
export function parseIni(text: string): IniSections {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let key: string | undefined;
  for (const line of text.split('\n')) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const name = sectionName(line);
    if (name !== undefined) {
      section = new Map();
      key = undefined;
      sections.set(name, section);
    } else if (/^\s/.test(line) && key !== undefined) {
      section?.set(key, `${section.get(key)}\n${line.trim()}`);
    } else {
      const [, found = '', value = ''] = /^([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line.trim()) ?? [];
      if (found === '') continue;
      key = found;
      section?.set(key, value);
    }
  }
  return sections;
}

/**
 * Sets and, with an empty text, removes settings of one section, and adds the section when it is not there. All else
 * stays as it is written.
 */
export function editIni(text: string, name: string, settings: Readonly<Record<string, string>>): string {
  const { before, body, after, isThere } = splitAt(text, name);
  const left = new Map(Object.entries(settings));
  const lines: string[] = [];
  let isDropping = false;
  for (const line of body) {
    const key = /^([^\s#;=:][^=:]*?)\s*[=:]/.exec(line)?.[1];
    // The lines that go on with a value go with it.
    if (key === undefined && isDropping && /^\s+\S/.test(line)) continue;
    isDropping = key !== undefined && Object.hasOwn(settings, key);
    if (key === undefined || !isDropping) {
      lines.push(line);
      continue;
    }
    const value = left.get(key) ?? '';
    left.delete(key);
    if (value !== '') lines.push(`${key}=${value}`);
  }
  const added = [...left].filter(([, value]) => value !== '').map(([key, value]) => `${key}=${value}`);
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1;
  const section = [...(isThere ? [] : [`[${name}]`]), ...lines.slice(0, end), ...added, ...lines.slice(end)];
  return joinLines(before, section, after);
}

/** The text without one section. */
export function removeSection(text: string, name: string): string {
  const { before, after } = splitAt(text, name);
  const head = before.slice(0, before.findLastIndex((line) => sectionName(line) !== name && line.trim() !== '') + 1);
  return joinLines(head, [], after.length > 0 && head.length > 0 ? ['', ...after] : after);
}

/** The heading is the last line of `before` when the section is there. */
function splitAt(text: string, name: string) {
  const lines = text.replace(/\n+$/, '').split('\n');
  const start = lines.findIndex((line) => sectionName(line) === name);
  if (start < 0) {
    const before = text.trim() === '' ? [] : [...lines, ''];
    return { before, body: [], after: [], isThere: false };
  }
  const next = lines.findIndex((line, index) => index > start && sectionName(line) !== undefined);
  const end = next < 0 ? lines.length : next;
  return {
    before: lines.slice(0, start + 1),
    body: lines.slice(start + 1, end),
    after: lines.slice(end),
    isThere: true,
  };
}

function joinLines(...parts: readonly (readonly string[])[]): string {
  const lines = parts.flat();
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function sectionName(line: string): string | undefined {
  return /^\s*\[([^\]]+)\]/.exec(line)?.[1];
}
