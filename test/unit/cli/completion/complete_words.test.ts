import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completeWords } from '../../../../cli/completion/complete_words.ts';
import { collectCompletionData } from '../../../../cli/completion/completion_data.ts';
import { formatCandidates, mergeWords } from '../../../../cli/completion/format_candidates.ts';
import { readMinionIds } from '../../../../cli/completion/read_minion_ids.ts';
import { completionScript } from '../../../../cli/completion/shell_scripts.ts';
import { doctorCommand } from '../../../../cli/doctor/doctor.ts';
import { saltCommand } from '../../../../cli/salt.ts';
import { saltCallCommand } from '../../../../cli/salt_call.ts';
import { keyCommand } from '../../../../cli/salt_key.ts';
import { saltRunCommand } from '../../../../cli/salt_run.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const modulesOf = (functions: Record<string, readonly string[]>) => {
  const modules = new Map<string, Record<string, { summary: string; args: Record<string, unknown> }>>();
  for (const [name, args] of Object.entries(functions)) {
    const [module = '', fun = ''] = name.split('.');
    const spec = { summary: `${name}.`, args: Object.fromEntries(args.map((arg) => [arg, {}])) };
    modules.set(module, { ...modules.get(module), [fun]: spec });
  }
  return { names: [...modules.keys()], load: async (name: string) => ({ functions: modules.get(name) ?? {} }) };
};

const data = await collectCompletionData({
  commands: [saltCommand(), doctorCommand(), saltCallCommand(), keyCommand(), saltRunCommand()],
  modules: modulesOf({ 'test.ping': [], 'test.sleep': ['length'], 'cmd.run': ['cmd', 'cwd', 'runas'], 'cron.ls': [] }),
  runners: modulesOf({ 'manage.up': [], 'jobs.cancel': ['jid', 'minion'] }),
  streamed: { 'jobs.watch': { summary: 'Follow a job.' } },
  outputters: ['json', 'nested', 'yaml'],
});
const ids = ['db1', 'web1', 'web2'];
const complete = (...words: string[]): string[] => completeWords(words, data, () => ids).map(({ text }) => text);

describe('completion of', () => {
  test.each([
    ['minion ids', ['salt', 'we'], ['web1', 'web2']],
    ['minion ids behind options', ['salt', '-v', '--out', 'json', 'db'], ['db1']],
    ['modules first', ['salt', '*', 'c'], ['cmd.', 'cron.']],
    ['functions of the only module that it can be', ['salt', '*', 'te'], ['test.ping', 'test.sleep']],
    ['functions', ['salt', '*', 'test.s'], ['test.sleep']],
    ['functions for their documentation', ['salt', '*', '-d', 'x', 'test.p'], ['test.ping']],
    ['functions behind sys.doc', ['salt', '*', 'sys.doc', 'cmd.'], ['cmd.run']],
    ['arguments', ['salt', '*', 'cmd.run', 'ls', 'c'], ['cmd=', 'cwd=']],
    ['arguments that are not given yet', ['salt', '*', 'cmd.run', 'cwd=/', ''], ['cmd=', 'runas=']],
    ['arguments of what nobody knows', ['salt', '*', 'no.such', ''], []],
    ['long options', ['salt', '--sum'], ['--summary']],
    ['values of options', ['salt', '--out', 'j'], ['json']],
    ['values of options behind =', ['salt', '--out=y'], ['--out=yaml']],
    ['values that may be any', ['salt', '--timeout', ''], []],
    ['levels', ['salt-call', '-l', 'warn'], ['warning']],
    ['functions of salt-call', ['/usr/bin/salt-call', '--local', 'cmd.'], ['cmd.run']],
    ['options of salt-call', ['salt-call', '--retc'], ['--retcode-passthrough']],
    ['runners', ['salt-run', 'jobs.'], ['jobs.cancel', 'jobs.watch']],
    ['arguments of runners', ['salt-run', 'jobs.cancel', 'm'], ['minion=']],
    ['ids of salt-key', ['salt-key', '-d', 'db'], ['db1']],
    ['shells', ['salt', 'completion', ''], ['bash', 'zsh', 'fish']],
    ['the words that are no minion', ['salt', 'do'], ['doctor']],
    ['options of the doctor', ['salt', '-c', 'x', 'doctor', '--q'], ['--quick']],
    ['functions of a minion that is called doctor', ['salt', 'doctor', 'cr'], ['cron.ls']],
    ['another command', ['ls', ''], []],
    ['a command alone', ['salt'], []],
  ])('%s', (_what, words, candidates) => expect(complete(...words)).toEqual(candidates));
});

test('what bash takes apart is put together, and only what bash replaces is printed', () => {
  expect(mergeWords('bash', ['salt', '--out', '=', 'js'])).toEqual(['salt', '--out=js']);
  expect(mergeWords('bash', ['salt', "'*'", 'cmd.run', 'cwd', '='])).toEqual(['salt', '*', 'cmd.run', 'cwd=']);
  expect(mergeWords('zsh', ['salt', '=', '"we'])).toEqual(['salt', '=', 'we']);
  expect(formatCandidates('bash', '--out=js', [{ text: '--out=json', summary: 'S.' }])).toBe('json\n');
  expect(formatCandidates('zsh', '--out=js', [{ text: '--out=json', summary: 'S.' }])).toBe('--out=json\tS.\n');
});

describe('minion ids', () => {
  test('are those of the accepted keys, wherever the configuration says they are', () => {
    const root = temporaryDir();
    mkdirSync(join(root, 'keys/minions'), { recursive: true });
    mkdirSync(join(root, 'etc/salt/pki/master/minions'), { recursive: true });
    writeFileSync(join(root, 'keys/minions/web1'), '');
    writeFileSync(join(root, 'etc/salt/pki/master/minions/db1'), '');
    writeFileSync(join(root, 'master'), `root_dir: ${root}\npki_dir: "/keys" # here\n`);
    expect(readMinionIds(['salt', '-c', root, ''], {})).toEqual(['web1']);
    expect(readMinionIds(['salt', `--config-dir=${root}`, ''], {})).toEqual(['web1']);
    writeFileSync(join(root, 'master'), `root_dir: ${root}\n#pki_dir: /keys\n`);
    expect(readMinionIds(['salt', ''], { SALT_CONFIG_DIR: root })).toEqual(['db1']);
  });

  test('are none where there is no master', () => {
    expect(readMinionIds(['salt', '-c', join(temporaryDir(), 'gone'), ''], {})).toEqual([]);
  });
});

test('a script is printed for a shell that there is one for', () => {
  expect(completionScript(['completion', 'bash'])).toContain('complete -o default -F');
  expect(completionScript(['completion', 'zsh'])).toContain('#compdef salt salt-call');
  expect(completionScript(['completion', 'fish'])).toContain('complete -c $name');
  expect(completionScript(['completion', 'bash', 'x'])).toBeUndefined();
  expect(completionScript(['completion', 'test.ping'])).toBeUndefined();
  expect(completionScript(['*', 'bash'])).toBeUndefined();
});

test.each([
  [['completion'], 'completion of which shell is wanted'],
  [['completion', 'tcsh'], "there is no completion for 'tcsh'"],
])('%j names the shells that there are', (words, message) => {
  expect(() => completionScript(words)).toThrow(
    expect.objectContaining({ code: 'USAGE', message, hint: 'use bash, zsh, fish' }),
  );
});
