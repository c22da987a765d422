import { FleetError } from './errors.ts';

/**
 * Splits a command line into arguments by POSIX shell quoting, as Python's `shlex.split`: nothing is expanded, and `;`,
 * `|` and `>` are plain characters. Throws ARGS_INVALID for a quote or backslash that is left open.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const character = line[index] as string;
    if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'") {
      const escaped = line[++index];
      if (escaped === undefined) throw unfinished('no character after the last backslash', line);
      // Within double quotes a backslash escapes only itself and the quote.
      word = (word ?? '') + (quote !== '' && escaped !== '"' && escaped !== '\\' ? `\\${escaped}` : escaped);
    } else if (quote !== '') word = (word ?? '') + character;
    else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== '') throw unfinished(`no closing quotation for ${quote}`, line);
  if (word !== undefined) words.push(word);
  return words;
}

/** A word as a POSIX shell takes it, whatever is in it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function unfinished(what: string, line: string): FleetError {
  return new FleetError('ARGS_INVALID', `${what} in the command line: ${line}`, {
    hint: 'pass the command as a list, or mend its quotes',
  });
}
