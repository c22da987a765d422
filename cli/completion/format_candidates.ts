import type { Candidate } from './complete_words.ts';

/** Between which bash takes a word apart, with the marks themselves as words. */
const BREAKS = /^[=:]+$/;

/** The words as they were typed: bash breaks them at `=` and `:`, and all leave an opening quote where it is. */
export function mergeWords(shell: string, typed: readonly string[]): string[] {
  const words: string[] = [];
  let glues = false;
  for (const word of typed) {
    const isBreak = shell === 'bash' && BREAKS.test(word) && words.length > 0;
    if (isBreak || glues) words.push(`${words.pop() ?? ''}${word}`);
    else words.push(word);
    glues = isBreak;
  }
  return words.map((word) => word.replace(/^(['"])(.*?)\1?$/s, '$2'));
}

/** A candidate a line, with what it is behind a tab where the shell shows that. */
export function formatCandidates(shell: string, current: string, candidates: readonly Candidate[]): string {
  const cut = shell === 'bash' ? Math.max(current.lastIndexOf('='), current.lastIndexOf(':')) + 1 : 0;
  const lines = candidates.map(({ text, summary }) =>
    shell === 'bash' || summary === undefined ? text.slice(cut) : `${text}\t${summary}`,
  );
  return lines.map((line) => `${line}\n`).join('');
}
