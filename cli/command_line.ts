import { type Command, CommanderError } from 'commander';
import { FleetError } from '../shared/errors.ts';
import { canonicalArgv } from './command_options.ts';

/** Where a command writes, and how it hears of Ctrl-C. */
export interface Terminal {
  readonly isTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
  onInterrupt(run: () => void): void;
  /** Columns of the terminal that shows what is under way; undefined: there is none. */
  width(): number | undefined;
  /** Lines below what was printed, which the next ones replace and `out` and `err` erase; on a terminal only. */
  status(lines: readonly string[]): void;
}

/**
 * Reads the command line; false when it asked for help, which is printed. Throws USAGE with commander's own complaint.
 */
export function parseCommand(command: Command, argv: readonly string[]): boolean {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  try {
    command.parse(canonicalArgv(argv), { from: 'user' });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    const [message = '', suggestion] = error.message.replace(/^error: /, '').split(/\n\(Did you mean |\?\)$/);
    const seeHelp = suggestion === undefined ? `see ${command.name()} --help` : `did you mean ${suggestion}?`;
    throw new FleetError('USAGE', message.replace(/\.$/, ''), { hint: hintOfSalts(message) ?? seeHelp, cause: error });
  }
}

const EXTERNAL_AUTH = 'accounts of external_auth log in over MQTT, as any client does';
const FOREGROUND = 'a daemon stays in the foreground; let systemd start it';
const VERSION = 'it is --version';
const TO_FILE = 'the shell writes files: > FILE, or >> FILE to append';
const OWN_KEY = 'a minion makes its key itself; salt-key --gen-token has it accepted unseen';
const RANGE = 'there are no targets by range; -L lists ids, -E matches them';
const DAEMON_SETTING = 'the configuration of a daemon says it: pidfile, log_file, log_level_logfile';
/** Options of Salt that are none here, and what there is instead. */
const replaced: Readonly<Record<string, string>> = {
  '-a': EXTERNAL_AUTH,
  '--auth': EXTERNAL_AUTH,
  '--eauth': EXTERNAL_AUTH,
  '--external-auth': EXTERNAL_AUTH,
  '-T': EXTERNAL_AUTH,
  '--make-token': EXTERNAL_AUTH,
  '-d': FOREGROUND,
  '--daemon': FOREGROUND,
  '-V': VERSION,
  '--versions-report': VERSION,
  '--out-file': TO_FILE,
  '--output-file': TO_FILE,
  '--out-file-append': TO_FILE,
  '--output-file-append': TO_FILE,
  '--gen-keys': OWN_KEY,
  '--gen-keys-dir': OWN_KEY,
  '-R': RANGE,
  '--range': RANGE,
  '--pid-file': DAEMON_SETTING,
  '--log-file': DAEMON_SETTING,
  '--log-file-level': DAEMON_SETTING,
  '--args-separator': 'a command calls one function; run salt once for each',
};

function hintOfSalts(message: string): string | undefined {
  const option = /^unknown option '(-[^'=]+)/.exec(message)?.[1] ?? '';
  return Object.hasOwn(replaced, option) ? `Salt has it, here ${replaced[option]}` : undefined;
}

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** `90`, `90s`, `10m`, `8h`, `7d`. Throws USAGE. */
export function durationSeconds(text: string, option: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit] ?? 0);
  if (digits === '' || seconds <= 0) {
    throw new FleetError('USAGE', `${option} ${text} is not a duration`, { hint: 'write 90s, 10m, 8h or 7d' });
  }
  return seconds;
}

/** Throws USAGE. */
export function wholeNumber(text: string, option: string, min = 1): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= min) return Number(text);
  const wrong = /^\d{1,9}$/.test(text) ? 'too small' : 'not a number';
  throw new FleetError('USAGE', `${option} ${text} is ${wrong}`, { hint: `write a whole number, ${min} or more` });
}
