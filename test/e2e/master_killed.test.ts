import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { startProgram } from '../support/program.ts';

const fleet = useProcesses({ minions: ['m1', 'm2'] });

test('a batch goes on where it was when its master is killed, and salt says how to see the rest', async () => {
  const gate = fleet().file('gate');
  const effects = fleet().file('effects');
  const script = `echo ran >> ${effects}; until [ -e ${gate} ]; do sleep 0.05; done`;
  const salt = startProgram('salt', [
    ...['-c', fleet().configDir('master'), '--batch', '1', '--show-jid'],
    ...['*', 'cmd.run', script, 'python_shell=True'],
  ]);
  const jid = (await salt.line(/^jid: \d{20}$/)).slice('jid: '.length);
  await salt.line(/^Executing run on \['m1'\]$/);
  const master = fleet().master();
  master.kill('SIGKILL');
  await master.ended;
  const { stderr, status } = await salt.ended;
  // The socket of a process that was killed ends, or is reset when something was on its way to it.
  expect(stderr.replace('the other side closed the connection', 'the connection was closed')).toBe(
    `salt: the master went away: the connection was closed; job ${jid} goes on; when the master is back: salt-run jobs.watch ${jid}\n`,
  );
  expect(status).toBe(69);

  await fleet().startMaster();
  writeFileSync(gate, '');
  const watched = await fleet().cli('salt-run', ['jobs.watch', jid]);
  for (const id of ['m1', 'm2']) expect(watched.stdout.split('\n')).toContain(`${id}:`);
  expect(watched.status).toBe(0);
  expect(readFileSync(effects, 'utf8')).toBe('ran\nran\n');
});
