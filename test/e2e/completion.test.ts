import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram, startShell } from '../support/program.ts';
import { repositoryRoot } from '../support/source_tree.ts';
import { temporaryDir } from '../support/temporary_dir.ts';
import { until } from '../support/until.ts';

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).error === undefined;
const interactive = {
  bash: ['bash', '--norc', '--noprofile', '-i'],
  zsh: ['zsh', '-f', '-i'],
  fish: ['fish', '--no-config', '-i'],
} as const;

/** What makes them quiet and takes the script over. */
const setUp = {
  bash: ["bind 'set bell-style none'", 'source <(salt completion bash)'],
  zsh: ['unsetopt beep; autoload -Uz compinit; compinit -u -D', 'source <(salt completion zsh)'],
  // What fish suggests by itself looks like what a tab completes.
  fish: ['set -g fish_autosuggestion_enabled 0', 'salt completion fish | source'],
} as const;

/** A machine with the commands on the PATH, and a master that accepted two minions and does not run. */
function machine() {
  const dir = temporaryDir();
  for (const name of ['salt', 'salt-call', 'salt-key', 'salt-run']) {
    symlinkSync(join(repositoryRoot, `dist/${name}.cjs`), join(dir, name));
  }
  mkdirSync(join(dir, 'etc/salt/pki/master/minions'), { recursive: true });
  for (const id of ['quebec', 'quito']) writeFileSync(join(dir, 'etc/salt/pki/master/minions', id), '');
  writeFileSync(join(dir, 'master'), `root_dir: ${dir}\n`);
  return { PATH: `${dir}:${process.env.PATH}`, SALT_CONFIG_DIR: dir, TERM: 'dumb', PS1: '', fish_history: '' };
}

/** Types lines that end with a tab, and waits for what the shell makes of each. */
async function typeInto(shell: keyof typeof interactive, presses: readonly (readonly [string, RegExp])[]) {
  const terminal = startShell(interactive[shell], machine());
  for (const line of setUp[shell]) terminal.type(`${line}\n`);
  terminal.type('echo "rea""dy"\n');
  await until(`${shell} is ready`, () => /ready\r?\n/.test(terminal.text()));
  try {
    for (const [line, completed] of presses) {
      const before = terminal.text().length;
      terminal.type(line);
      await until(`${shell}: ${line}`, () => completed.test(visible(terminal.text().slice(before))));
      // Ctrl-U: the next line begins empty.
      terminal.type('\u0015');
    }
  } catch (error) {
    throw new Error(`${String(error)}; the terminal shows: ${JSON.stringify(terminal.text())}`);
  } finally {
    terminal.kill('SIGKILL');
  }
}

/** What stays on the line: neither bells nor a blank that is typed over. */
function visible(text: string): string {
  return text.replaceAll('\u0007', '').replaceAll(' \b', '');
}

const presses: readonly (readonly [string, RegExp])[] = [
  ['salt queb\t', /quebec/],
  ["salt '*' test.pin\t", /test\.ping/],
  ["salt '*' test.sle\tleng\t", /test\.sleep length=/],
  ['salt --summ\t', /--summary/],
  ['salt --out=js\t', /--out=json/],
  ['salt-call --retc\t', /--retcode-passthrough/],
  ['salt-run manage.stat\t', /manage\.status/],
  ['salt-key -d quit\t', /quito/],
];

describe('a tab in bash', () => {
  it('completes ids, functions, arguments, options and their values', () => typeInto('bash', presses), 60_000);
});

// The tests of a change are run where zsh and fish are; on any other machine bash alone is tested.
describe.skipIf(!isInstalled('zsh') && process.env.CI !== 'true')('a tab in zsh', () => {
  it('completes ids, functions, arguments, options and their values', () => typeInto('zsh', presses), 60_000);
});

describe.skipIf(!isInstalled('fish') && process.env.CI !== 'true')('a tab in fish', () => {
  it('completes ids, functions, arguments, options and their values', () => typeInto('fish', presses), 60_000);
});

describe('salt --complete', () => {
  it('needs no master and no configuration', async () => {
    const env = { SALT_CONFIG_DIR: join(temporaryDir(), 'gone') };
    const { stdout, stderr, status } = await runProgram('salt', ['--complete', 'bash', 'salt', ''], { env });
    expect([stdout, stderr, status]).toEqual(['completion\ndoctor\n', '', 0]);
  });
});
