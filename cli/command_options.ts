import { type Command, Option } from 'commander';
import { stateOutputs } from '../shared/config/daemon_settings.ts';
import { FleetError } from '../shared/errors.ts';
import { logLevels } from '../shared/log.ts';
import type { OutputOptions, StateOptions } from './output.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly configDir?: string;
  readonly logLevel?: string;
}

/** How results are printed, as it was asked for. */
export interface PrintOptions {
  readonly out?: string | undefined;
  readonly outIndent?: OutputOptions['indent'];
  readonly color?: boolean;
  readonly forceColor?: boolean;
  readonly stateOutput?: string;
  readonly stateVerbose?: boolean;
}

/** Salt's second spellings of options. */
const spellings: Readonly<Record<string, string>> = {
  '--output': '--out',
  '--output-indent': '--out-indent',
  '--no-colour': '--no-color',
  '--force-colour': '--force-color',
  '--batch-size': '--batch',
};

/** The command line with one spelling for each option; what follows `--` is left alone. */
export function canonicalArgv(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    if (!word.startsWith('--') || (end !== -1 && index >= end)) return word;
    const [name = '', ...value] = word.split('=');
    return spellings[name] === undefined ? word : [spellings[name], ...value].join('=');
  });
}

/** `-l` means something else to salt-key, as it does in Salt. */
export function addCommonOptions(command: Command, logLevelFlag = '-l, --log-level'): Command {
  return command
    .option('-c, --config-dir <dir>', 'directory of the configuration (default: /etc/salt)')
    .addOption(new Option(`${logLevelFlag} <level>`, 'least severe level that is told').choices(logLevels))
    .option('--version', 'print the version and exit')
    .helpOption('-h, --help', 'print this help and exit')
    .allowExcessArguments(false)
    .showSuggestionAfterError(true);
}

export function addPrintOptions(command: Command): Command {
  return command
    .option('--out <outputter>', 'how to print: nested, json, yaml, raw, txt, highstate, quiet …')
    .addOption(
      new Option(
        '--out-indent <columns>',
        'columns of a level; negative for one line, pretty for sorted keys',
      ).argParser(readIndent),
    )
    .addOption(new Option('--json', 'the same as --out json').implies({ out: 'json' }))
    .option('--no-color', 'never print colours')
    .option('--force-color', 'print colours even when the output is not a terminal')
    .addOption(new Option('--state-output <mode>', 'how much of each state').choices(stateOutputs))
    .addOption(new Option('--state-verbose <bool>', 'False hides states that were clean').argParser(readFlag));
}

function readIndent(text: string): OutputOptions['indent'] {
  if (text === 'pretty') return text;
  if (/^-?\d{1,3}$/.test(text)) return Number(text);
  throw new FleetError('USAGE', `--out-indent ${text} is not a number of columns`, { hint: 'write 4, -1 or pretty' });
}

function readFlag(text: string): boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  throw new FleetError('USAGE', `--state-verbose ${text} is not a truth value`, { hint: 'write True or False' });
}

/** What the configuration says about printing. */
export interface PrintConfig {
  readonly output: string;
  readonly color: boolean;
  readonly state_output: string;
  readonly state_verbose: boolean;
  readonly state_output_diff: boolean;
  readonly state_output_profile: boolean;
  readonly state_output_pct: boolean;
}

/** The outputter that was asked for: on the command line, or in the configuration when that is not the usual one. */
export function wantedOutput(given: PrintOptions, config: PrintConfig): string | undefined {
  return given.out ?? (config.output === 'nested' ? undefined : config.output);
}

/** The command line is stronger than the configuration; colours are for terminals. */
export function outputOptions(given: PrintOptions, config: PrintConfig, isTerminal: boolean): OutputOptions {
  const wanted = given.color !== false && config.color;
  return {
    colour: given.forceColor === true || (wanted && isTerminal),
    indent: given.outIndent,
    states: stateOptions(given, config),
  };
}

function stateOptions(given: PrintOptions, config: PrintConfig): StateOptions {
  return {
    output: given.stateOutput ?? config.state_output,
    verbose: given.stateVerbose ?? config.state_verbose,
    profile: config.state_output_profile,
    percent: config.state_output_pct,
    diff: config.state_output_diff,
  };
}
