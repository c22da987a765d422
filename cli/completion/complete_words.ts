import { doctorWords } from '../doctor/doctor_words.ts';

/** An option of a command, as far as completing goes. */
export interface OptionSummary {
  readonly flags: readonly string[];
  readonly takesValue: boolean;
  readonly choices?: readonly string[];
  readonly summary: string;
}

/** Functions by their whole names, with the names of their arguments. */
export type FunctionSummaries = Readonly<
  Record<string, { readonly summary: string; readonly args: readonly string[] }>
>;

/** What is known without a master; the build writes it beside the programs. */
export interface CompletionData {
  readonly commands: Readonly<Record<string, readonly OptionSummary[]>>;
  readonly functions: FunctionSummaries;
  readonly runners: FunctionSummaries;
}

export interface Candidate {
  readonly text: string;
  readonly summary?: string;
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Options of salt-key whose value is a minion id. */
const KEY_OPTIONS = ['-a', '--accept', '-r', '--reject', '-d', '--delete', '-p', '--print', '-f', '--finger'];

/**
 * What the last of the words may become. The first word is the command; `minionIds` is called only where an id may
 * stand. Pure but for that.
 */
export function completeWords(
  words: readonly string[],
  data: CompletionData,
  minionIds: () => readonly string[],
): readonly Candidate[] {
  const command = (words[0] ?? '').split('/').at(-1) ?? '';
  const isDoctor = command === 'salt' && doctorWords(words.slice(1, -1)) !== undefined;
  const options = data.commands[isDoctor ? 'salt doctor' : command];
  if (options === undefined || words.length < 2) return [];
  const current = words.at(-1) ?? '';
  const { positional, pending, flags } = readWords(words.slice(1, -1), options);
  if (pending !== undefined) return valuesOf(pending, current, command, minionIds);
  const [, name, value] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined) {
    const option = options.find((candidate) => candidate.flags.includes(name));
    if (option === undefined) return [];
    return valuesOf(option, value ?? '', command, minionIds).map(({ text }) => ({ text: `${name}=${text}` }));
  }
  if (current.startsWith('-')) return startingWith(current, flagsOf(options));
  const isDoc = command !== 'salt-key' && ['-d', '--doc'].some((flag) => flags.has(flag));
  return completeArgument({ command, positional, current, isDoc }, data, minionIds);
}

interface Place {
  readonly command: string;
  /** Arguments before the current one. */
  readonly positional: readonly string[];
  readonly current: string;
  readonly isDoc: boolean;
}

function completeArgument(
  { command, positional, current, isDoc }: Place,
  data: CompletionData,
  minionIds: () => readonly string[],
): readonly Candidate[] {
  if (command === 'salt-key') return positional.length === 0 ? startingWith(current, [{ text: 'master' }]) : [];
  const functions = command === 'salt-run' ? data.runners : data.functions;
  const [target, ...rest] = positional;
  if (command !== 'salt') {
    if (command !== 'salt-call' && command !== 'salt-run') return [];
    return completeCall(functions, positional, current, isDoc);
  }
  if (target === 'completion' && rest.length === 0) return startingWith(current, shells.map(asCandidate));
  if (target !== undefined) return completeCall(functions, rest, current, isDoc);
  return startingWith(current, [
    ...minionIds().map(asCandidate),
    { text: 'completion', summary: 'print a script' },
    { text: 'doctor', summary: 'look for what is wrong' },
  ]);
}

/** A function, or the name of one of its arguments that is not given yet. */
function completeCall(
  functions: FunctionSummaries,
  [fun, ...args]: readonly string[],
  current: string,
  isDoc: boolean,
): readonly Candidate[] {
  if (fun === undefined || isDoc || fun === 'sys.doc') return completeFunction(functions, current);
  const names = functions[fun]?.args ?? [];
  const left = names.filter((name) => !args.some((arg) => arg.startsWith(`${name}=`)));
  return startingWith(
    current,
    left.map((name) => ({ text: `${name}=` })),
  );
}

/** The module first: nobody reads through hundreds of functions. */
function completeFunction(functions: FunctionSummaries, current: string): readonly Candidate[] {
  const all = Object.entries(functions).map(([text, { summary }]) => ({ text, summary }));
  const matching = startingWith(current, all);
  if (current.includes('.')) return matching;
  const modules = [...new Set(matching.map(({ text }) => `${text.split('.')[0]}.`))];
  return modules.length === 1 ? matching : modules.map(asCandidate);
}

/** What the words before the current one say: an option that still waits for its value, and what is no option. */
function readWords(words: readonly string[], options: readonly OptionSummary[]) {
  const positional: string[] = [];
  const flags = new Set<string>();
  let pending: OptionSummary | undefined;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (word.startsWith('-') && word !== '-') {
      const option = options.find((candidate) => candidate.flags.includes(word));
      for (const flag of option?.flags ?? []) flags.add(flag);
      if (option?.takesValue === true) pending = option;
    } else positional.push(word);
  }
  return { positional, flags, pending };
}

function valuesOf(
  { flags, choices = [] }: OptionSummary,
  current: string,
  command: string,
  minionIds: () => readonly string[],
): readonly Candidate[] {
  const wantsId = command === 'salt-key' && flags.some((flag) => KEY_OPTIONS.includes(flag));
  return startingWith(current, (wantsId ? minionIds() : choices).map(asCandidate));
}

function flagsOf(options: readonly OptionSummary[]): Candidate[] {
  return options.flatMap(({ flags, summary }) => flags.map((text) => ({ text, summary })));
}

function startingWith(current: string, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ text }) => text.startsWith(current));
}

function asCandidate(text: string): Candidate {
  return { text };
}
