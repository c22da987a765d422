import { FleetError } from '../shared/errors.ts';
import { loadFolder, type PluginFolder, programFolder } from '../shared/plugin/load_folder.ts';
import { nearest } from '../shared/suggest.ts';

/** How states are shown; Salt's `state_output` and its companions. */
export interface StateOptions {
  /** `full`, `terse`, `mixed`, `changes` or `filter`, each also with `_id`. Default full. */
  readonly output?: string;
  /** False hides what succeeded without a change. Default true. */
  readonly verbose?: boolean;
  /** When each state started and how long it took. Default true. */
  readonly profile?: boolean;
  /** Terse lines as a table. */
  readonly tabular?: boolean;
  /** Adds success and failure in percent. */
  readonly percent?: boolean;
  /** Only what changed or failed. */
  readonly diff?: boolean;
  /** For `filter`: the results (`True`, `False`, `None`) that are left out, or shown in one line. */
  readonly exclude?: readonly string[];
  readonly terse?: readonly string[];
}

export interface OutputOptions {
  readonly colour: boolean;
  /** `--out-indent`: columns a level; negative: one line; `pretty`: 4 and sorted keys (json). */
  readonly indent?: number | 'pretty' | undefined;
  /** Other than 0: the value is an error, and keys are red. */
  readonly retcode?: number;
  readonly states?: StateOptions;
}

/** One way to print a return. The file's name is the name that `--out` takes. */
export interface Output {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** `data` is `{minion id: return}`, or whatever a runner answered. An empty text prints nothing. */
  format(data: unknown, options: OutputOptions): string;
}

export function defineOutput(output: Output): Output {
  return output;
}

export const outputFolder: PluginFolder<Output> = loadFolder<Output>(programFolder('cli/outputs'));

/** Throws USAGE when there is no outputter of that name. `text` is Salt's other word for `txt`. */
export async function loadOutput(name: string, folder: PluginFolder<Output> = outputFolder): Promise<Output> {
  const output = await folder.load(name === 'text' ? 'txt' : name);
  if (output !== undefined) return output;
  const near = nearest(name, folder.names);
  throw new FleetError('USAGE', `there is no outputter '${name}'`, {
    hint: near === undefined ? `choose one of ${folder.names.join(', ')}` : `did you mean ${near}?`,
  });
}

/**
 * The outputter's name: `--out` first, then what the return asks for, then nested. `--out=highstate` is no demand: it
 * would print nothing sensible for a return that holds no states, so the return decides.
 */
export function chooseOutput(
  flag: string | undefined,
  wanted: string | undefined,
  folder: PluginFolder<Output> = outputFolder,
): string {
  if (flag !== undefined && flag !== 'highstate') return flag;
  return wanted !== undefined && folder.names.includes(wanted) ? wanted : 'nested';
}

/** Those that printed something. */
const used = new Map<string, Output>();

/**
 * The printed text of a value, without trailing white space or newline; at once when the outputter is there: a promise
 * for each of ten thousand returns would take longer than their texts.
 */
export function formatOutput(name: string, data: unknown, options: OutputOptions): string | Promise<string> {
  const output = used.get(name);
  if (output !== undefined) return output.format(data, options).trimEnd();
  return loadOutput(name).then((loaded) => {
    used.set(name, loaded);
    return loaded.format(data, options).trimEnd();
  });
}
