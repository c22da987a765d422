import { choice, flag, logLevel, nullable, path, text } from './format.ts';
import { ownKey, type SettingGroups, saltKey } from './setting.ts';

/** Settings that the master and the minion have alike; only the default paths differ. */

export function pathSettings<const K extends 'master' | 'minion'>(kind: K) {
  return {
    root_dir: saltKey(
      text,
      '/',
      'Directory that is put before every path of this file. For a second instance, or one that is not root.',
    ),
    default_include: saltKey(
      text,
      `${kind}.d/*.conf`,
      'Further files, relative to the configuration directory, read in the order of their names. Later ones win; mappings are merged key by key.',
    ),
    pki_dir: saltKey(path, `/etc/salt/pki/${kind}`, 'Directory of keys and certificates.'),
    cachedir: saltKey(path, `/var/cache/salt/${kind}`, 'Directory of everything that must outlive the process.'),
    sock_dir: saltKey(path, `/var/run/salt/${kind}`, 'Directory of the unix sockets for local clients.'),
    pidfile: saltKey(path, `/var/run/salt-${kind}.pid`, 'File that holds the process id while the process runs.'),
  };
}

export function logSettings(kind: 'master' | 'minion') {
  return {
    log_file: saltKey(nullable(path), `/var/log/salt/${kind}`, 'The log file; null for none.'),
    log_level: saltKey(logLevel, 'warning', 'Least severe level that is written to the terminal.'),
    log_level_logfile: saltKey(logLevel, 'warning', 'Least severe level that is written to the log file.'),
    log_format: ownKey(choice(['text', 'json']), 'text', 'How log lines are written: for people or for machines.'),
  };
}

export const stateOutputs = [
  'full',
  'terse',
  'mixed',
  'changes',
  'filter',
  'full_id',
  'terse_id',
  'mixed_id',
  'changes_id',
] as const;

/** How results are printed: by `salt` on the master, by `salt-call` on the minion. */
export const outputSettings = {
  output: saltKey(
    text,
    'nested',
    'The outputter that is used when neither the command line nor the function names one.',
  ),
  color: saltKey(flag, true, 'Colours on a terminal.'),
  state_output: saltKey(choice(stateOutputs), 'full', 'How much is printed of each state.'),
  state_verbose: saltKey(flag, true, 'Print also the states that were clean.'),
  state_output_diff: saltKey(flag, false, 'Print only what changed.'),
  state_output_profile: saltKey(flag, true, 'Print when each state started and how long it took.'),
  state_output_pct: saltKey(flag, false, 'Print the share of states that succeeded.'),
} satisfies SettingGroups[string];
