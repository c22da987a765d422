import type { Command } from 'commander';
import type { CompletionData, FunctionSummaries, OptionSummary } from './complete_words.ts';

interface AnyModules {
  readonly names: readonly string[];
  load(name: string): Promise<{ readonly functions: Readonly<Record<string, AnyFunctionSummary>> } | undefined>;
}
interface AnyFunctionSummary {
  readonly summary: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface CompletionSources {
  readonly commands: readonly Command[];
  readonly modules: AnyModules;
  readonly runners: AnyModules;
  /** Functions of salt-run that are no runners. */
  readonly streamed: Readonly<Record<string, { readonly summary: string }>>;
  readonly outputters: readonly string[];
}

/** All that can be completed without a master, from the definitions of commands and functions. */
export async function collectCompletionData(sources: CompletionSources): Promise<CompletionData> {
  const { commands, outputters } = sources;
  const streamed = Object.entries(sources.streamed).map(
    ([name, { summary }]) => [name, { summary, args: [] }] as const,
  );
  return {
    commands: Object.fromEntries(commands.map((command) => [command.name(), optionsOf(command, outputters)])),
    functions: await summariesOf(sources.modules),
    runners: { ...(await summariesOf(sources.runners)), ...Object.fromEntries(streamed) },
  };
}

function optionsOf(command: Command, outputters: readonly string[]): OptionSummary[] {
  const help: OptionSummary = { flags: ['-h', '--help'], takesValue: false, summary: 'print this help and exit' };
  const own = command.options.map(({ short, long, required, optional, argChoices, description }) => {
    const choices = long === '--out' ? outputters : argChoices;
    return {
      flags: [short, long].filter((flag) => flag !== undefined),
      takesValue: required || optional,
      ...(choices !== undefined && { choices: [...choices] }),
      summary: description,
    };
  });
  return [...own, help];
}

async function summariesOf({ names, load }: AnyModules): Promise<FunctionSummaries> {
  const functions: [string, FunctionSummaries[string]][] = [];
  for (const module of names) {
    for (const [name, { summary, args }] of Object.entries((await load(module))?.functions ?? {})) {
      functions.push([`${module}.${name}`, { summary, args: Object.keys(args) }]);
    }
  }
  return Object.fromEntries(functions);
}
