import type { CommandResult } from './program.ts';

/** Commands do not depend on each other, and starting Node is most of what they cost. */
const AT_A_TIME = 4;

type Run = (name: string, args: readonly string[]) => Promise<CommandResult>;

/**
 * Commands and what they printed, as one would see it in a terminal, for a golden file. What differs from run to run is
 * replaced: job ids, times, fingerprints and `dir`.
 */
export async function transcript(dir: string, run: Run, commands: readonly (readonly string[])[]): Promise<string> {
  const parts: string[] = [];
  for (let next = 0; next < commands.length; next += AT_A_TIME) {
    parts.push(...(await Promise.all(commands.slice(next, next + AT_A_TIME).map((command) => show(run, command)))));
  }
  return steady(parts.join('\n'), dir).trimEnd();
}

async function show(run: Run, [name = '', ...args]: readonly string[]): Promise<string> {
  const { stdout, stderr, status } = await run(name, args);
  const errors = stderr === '' ? '' : stderr.replace(/^/gm, 'stderr: ').replace(/stderr: $/, '');
  return `$ ${[name, ...args.map(quote)].join(' ')}\n${stdout}${errors}[exit ${status}]\n`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}

function steady(text: string, dir: string): string {
  return text
    .replaceAll(dir, '<dir>')
    .replace(/\b\d{20}\b/g, '<jid>')
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\b/g, '<time>')
    .replace(/\b\d{4}, [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.\d{6}\b/g, '<time>')
    .replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){31}\b/g, '<fingerprint>');
}
