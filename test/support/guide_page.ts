/** A command of a page and the lines that it is said to print. */
export interface GuideCommand {
  readonly command: string;
  readonly expected: readonly string[];
  /** In the page, from 1. */
  readonly line: number;
}

/** A fenced block `console`. One that is marked `console watch` stays open in a terminal of its own. */
export interface GuideBlock {
  readonly isWatch: boolean;
  readonly commands: readonly GuideCommand[];
}

/** A fenced block that the line before it names: "Save this as `minion/modules/greet.ts`:". */
export interface GuideFile {
  readonly path: string;
  readonly text: string;
}

interface Fence {
  readonly info: string;
  readonly lines: readonly string[];
  /** Of the first line within, from 1. */
  readonly line: number;
  /** The last line of text above. */
  readonly above: string;
}

/** The blocks that a reader types into a terminal. */
export function consoleBlocks(markdown: string): GuideBlock[] {
  return fences(markdown)
    .filter(({ info }) => info === 'console' || info === 'console watch')
    .map(({ info, lines, line }) => ({ isWatch: info === 'console watch', commands: commandsOf(lines, line) }));
}

/** The files that a reader is told to save. */
export function savedFiles(markdown: string): GuideFile[] {
  return fences(markdown).flatMap(({ lines, above }) => {
    const path = /[Ss]ave (?:this|it) as `([\w./-]+)`.*:$/.exec(above)?.[1];
    return path === undefined ? [] : [{ path, text: `${lines.join('\n')}\n` }];
  });
}

function fences(markdown: string): Fence[] {
  const found: Fence[] = [];
  let open: { info: string; lines: string[]; line: number; above: string } | undefined;
  let above = '';
  for (const [index, text] of markdown.split('\n').entries()) {
    const info = /^```(.*)$/.exec(text)?.[1];
    if (info === undefined) {
      if (open !== undefined) open.lines.push(text);
      else if (text !== '') above = text;
    } else if (open === undefined) {
      open = { info, lines: [], line: index + 2, above };
      above = '';
    } else {
      found.push(open);
      open = undefined;
    }
  }
  return found;
}

function commandsOf(lines: readonly string[], firstLine: number): GuideCommand[] {
  const commands: { command: string; expected: string[]; line: number }[] = [];
  for (const [index, text] of lines.entries()) {
    const last = commands.at(-1);
    // What `npm start` prints has commands in it.
    if (text.startsWith('$ ') && last?.command !== 'npm start')
      commands.push({ command: text.slice(2), expected: [], line: firstLine + index });
    else if (last === undefined) throw new Error(`line ${firstLine + index}: output without a command`);
    else if (text.startsWith('> ') && last.expected.length === 0) last.command += `\n${text.slice(2)}`;
    else last.expected.push(text);
  }
  return commands;
}

/** What is another at each run, and what it is called when two outputs are compared. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\b\d{20}\b/g, '<jid>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?/g, '<time>'],
  [/\b\d{4}, [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.\d{6}/g, '<time>'],
  [/"(since|time|exp)":\d{10}/g, '"$1":<seconds>'],
  [/"ms":[\d.]+/g, '"ms":<ms>'],
  [/\b([0-9a-f]{2}:){31}[0-9a-f]{2}\b/g, '<fingerprint>'],
  [/"(boot|kid)":"[0-9a-f]{8}"/g, '"$1":"<hex>"'],
  [/(salt\/op\/[^/]+\/(?:req|rsp))\/[\w-]+/g, '$1/<c>'],
];

/**
 * Undefined when the output is what the page says, else both as they were compared. `…` stands for anything within a
 * line, alone and indented for any lines of its part, alone at the margin for any parts. A part is a line at the margin
 * with what is indented below it: minions answer in any order, and so parts may come in any order.
 */
export function difference(expected: readonly string[], actual: string): string | undefined {
  const wanted = parts(expected.join('\n'));
  const left = parts(actual);
  const missing = wanted.filter((part) => {
    if (part === '…') return false;
    const pattern = partPattern(part);
    const found = left.findIndex((other) => pattern.test(other));
    if (found !== -1) left.splice(found, 1);
    return found === -1;
  });
  const hasAnyParts = wanted.some((part) => part.startsWith('…'));
  if (missing.length === 0 && (left.length === 0 || hasAnyParts)) return undefined;
  return `not printed:\n${missing.join('\n')}\n\nprinted, but not expected:\n${left.join('\n')}`;
}

function parts(output: string): string[] {
  const text = volatile.reduce((all, [pattern, name]) => all.replace(pattern, name), output);
  const found: string[] = [];
  for (const line of text.split('\n').map((untrimmed) => untrimmed.trimEnd())) {
    if (found.length > 0 && (line.startsWith(' ') || line === '')) found.push(`${found.pop()}\n${line}`);
    else found.push(line);
  }
  return found.map((part) => part.trimEnd()).filter((part) => part !== '');
}

function partPattern(part: string): RegExp {
  const lines = part
    .split('\n')
    .map((line) => (line.trim() === '…' ? '[^]*' : line.split('…').map(escapeRegex).join('.*')));
  return new RegExp(`^${lines.join('\n')}$`);
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
