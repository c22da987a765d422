import { linesOf } from '../text_lines.ts';

/** The human name of the machine in the text of /etc/machine-info (machine-info(5)); the last one counts. */
export function prettyHostname(text: string): string | undefined {
  const value = text
    .split('\n')
    .flatMap((line) => /^\s*PRETTY_HOSTNAME=(.*)$/.exec(line)?.[1] ?? [])
    .at(-1)
    ?.trim();
  if (value === undefined || value === '') return undefined;
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return fromQuoted(quoted?.[2] ?? value);
}

/** All other lines stay as they are. */
export function withPrettyHostname(text: string, name: string): string {
  const line = `PRETTY_HOSTNAME="${toQuoted(name)}"`;
  const lines = linesOf(text);
  const others = lines.filter((old) => !/^\s*PRETTY_HOSTNAME=/.test(old));
  return `${[...others, line].join('\n')}\n`;
}

const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t' };

function fromQuoted(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, sign: string) => LETTERS[sign] ?? sign);
}

/** Also what a shell, which may read the file, would take for its own. */
function toQuoted(text: string): string {
  return text
    .replaceAll(/["\\$`]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t');
}
