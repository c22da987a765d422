import { readFileSync } from 'node:fs';
import { type CompletionData, completeWords } from '../completion/complete_words.ts';
import { formatCandidates, mergeWords } from '../completion/format_candidates.ts';
import { readMinionIds } from '../completion/read_minion_ids.ts';

/** The process of `salt --complete <shell> <words...>`: shells call it at each key press, so it loads next to nothing. */
export async function main(): Promise<void> {
  const [shell = '', ...typed] = process.argv.slice(3);
  const words = mergeWords(shell, typed);
  const text = readFileSync(new URL('../../completion.json', import.meta.url), 'utf8');
  const candidates = completeWords(words, JSON.parse(text) as CompletionData, () => readMinionIds(words, process.env));
  process.stdout.write(formatCandidates(shell, words.at(-1) ?? '', candidates));
}
