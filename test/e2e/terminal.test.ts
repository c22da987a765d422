import { existsSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { startOnTerminal } from '../support/program.ts';
import { until } from '../support/until.ts';

const fleet = useProcesses({ minions: ['m1'] });
const ERASE = '\r\u001b[J';

/** Prints two lines, then waits until it is let go. */
function gate() {
  const path = fleet().file('m1', `gate-${Math.random()}`);
  const command = `echo one; echo two; while [ ! -e ${path} ]; do sleep 0.05; done; exit 3`;
  return { command, open: () => writeFileSync(path, ''), isOpen: () => existsSync(path) };
}

it('shows a live line while a command runs, and erases it before the return is printed', async () => {
  const { command, open } = gate();
  const args = ['-c', fleet().configDir('master'), 'm1', 'cmd.run', command, 'python_shell=True', 'stream=True'];
  const salt = startOnTerminal('salt', args);
  await until('the line is drawn', () => /m1 {2}running +\d+ s {2}two/.test(salt.text()));
  open();
  const { stdout } = await salt.ended;
  const afterLast = stdout.slice(stdout.lastIndexOf(ERASE) + ERASE.length);
  expect(stripVTControlCharacters(afterLast)).toBe(
    'm1:\r\n    one\r\n    two\r\nERROR: Minions returned with non-zero exit code\r\n',
  );
  // Never as text of its own, and never with wrapping left off.
  expect(stdout).not.toContain('m1| ');
  expect(stdout.split('\u001b[?7l')).toHaveLength(stdout.split('\u001b[?7h').length);
});

it('prints plain lines where there is no terminal', async () => {
  const { command, open } = gate();
  open();
  const result = await fleet().cli('salt', ['m1', 'cmd.run', command, 'python_shell=True', 'stream=True', '-p']);
  expect(result.stdout).toBe('m1| one\nm1| two\nm1:\n    one\n    two\n');
  expect(result.stderr).toBe('ERROR: Minions returned with non-zero exit code\n');
});
