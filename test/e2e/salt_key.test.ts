import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { useProcesses } from '../support/fleet_processes.ts';
import { expectGolden } from '../support/golden.ts';
import { transcript } from '../support/transcript.ts';

const WAITING = /waiting for an operator/;

describe('salt-key', () => {
  const fleet = useProcesses({ masterConfig: { auto_accept: false } });
  const key = (...args: string[]) => fleet().cli('salt-key', args);
  const answer = (input: string, ...args: string[]) => fleet().cli('salt-key', args, { input });
  /** The ids by state, as `salt-key -L --out json` tells them. */
  const listed = async () => JSON.parse((await key('-L', '--out', 'json')).stdout);
  const show = (...commands: (readonly string[])[]) => transcript(fleet().dir, fleet().cli, commands);
  /** A minion whose key waits. */
  const offer = (id: string) => fleet().startMinion(id, { line: WAITING });

  afterEach(async () => {
    await fleet().stopMinions();
    await key('-D', '-y');
  });

  it('lists keys by state', async () => {
    await Promise.all(['a1', 'a2', 'b1'].map(offer));
    await key('-a', 'a1', '-y');
    await key('-r', 'b1', '-y');
    expectGolden(
      'commands/salt_key_list.txt',
      await show(
        ['salt-key'],
        ['salt-key', '-L'],
        ...['acc', 'pre', 'un', 'rej', 'den', 'all', 'accepted', 'unaccepted'].map((state) => [
          'salt-key',
          '-l',
          state,
        ]),
        ['salt-key', '-L', '--out', 'json'],
        ['salt-key', '-F'],
        ['salt-key', '-f', 'a*'],
        ['salt-key', '-f', 'nobody'],
        ['salt-key', '-a', 'nobody'],
        ['salt-key', '-q', '-L'],
      ),
    );
  });

  it('prints the public keys that minions have', async () => {
    await offer('a1');
    const own = readFileSync(fleet().file('master', 'pki', 'minions_pre', 'a1'), 'utf8');
    expect((await key('-p', 'a1')).stdout).toBe(`Unaccepted Keys:\na1:  ${own}\n`);
    expect((await key('-P')).stdout).toContain(own);
  });

  it.each([
    ['yes', 'y\n', true],
    ['nothing, which is yes', '\n', true],
    ['no', 'n\n', false],
  ])('asks before it accepts a key; the answer is %s', async (_name, input, isAccepted) => {
    const minion = await offer('a1');
    const { stdout, status } = await answer(input, '-a', 'a1');
    const question = 'The following keys are going to be accepted:\nUnaccepted Keys:\na1\nProceed? [n/Y] ';
    expect(stdout).toBe(question + (isAccepted ? 'Key for minion a1 accepted.\n' : ''));
    expect(status).toBe(0);
    expect((await listed())[isAccepted ? 'minions' : 'minions_pre']).toEqual(['a1']);
    if (isAccepted) await minion.line(/connected to the master/);
  });

  it('changes nothing when nobody can answer, and says so with status 64', async () => {
    await offer('a1');
    for (const action of ['-a', '-r', '-d']) {
      const { stdout, stderr, status } = await answer('', action, 'a1');
      expect(stdout).toMatch(/Proceed\? \[.*\] \n$/);
      expect(stderr).toBe('salt-key: nobody answered, so nothing was done; -y answers yes\n');
      expect(status).toBe(64);
    }
    expect((await listed()).minions_pre).toEqual(['a1']);
  });

  it.each([
    ['yes', 'y\n', true],
    ['nothing, which is no', '\n', false],
    ['no', 'n\n', false],
  ])('asks before it deletes a key; the answer is %s', async (_name, input, isDeleted) => {
    await offer('a1');
    const { stdout, status } = await answer(input, '-d', 'a1');
    const question = 'The following keys are going to be deleted:\nUnaccepted Keys:\na1\nProceed? [N/y] ';
    expect(stdout).toBe(question + (isDeleted ? 'Key for minion a1 deleted.\n' : ''));
    expect(status).toBe(0);
  });

  it('accepts, rejects and deletes all of one glob or all there are', async () => {
    await Promise.all(['a1', 'a2', 'b1'].map(offer));
    // One that is deleted while it is connected offers its key again at once.
    await fleet().stopMinions();
    await key('-a', 'a*', '-y');
    expect(await listed()).toMatchObject({ minions: ['a1', 'a2'], minions_pre: ['b1'] });
    await key('-R', '-y');
    expect(await listed()).toMatchObject({ minions: ['a1', 'a2'], minions_rejected: ['b1'] });
    await key('-A', '--include-rejected', '-y');
    expect(await listed()).toMatchObject({ minions: ['a1', 'a2', 'b1'], minions_rejected: [] });
    await key('-r', 'a1', '--include-accepted', '-y');
    expect(await listed()).toMatchObject({ minions: ['a2', 'b1'], minions_rejected: ['a1'] });
    await key('-D', '-y');
    expect(await listed()).toEqual({ minions: [], minions_denied: [], minions_pre: [], minions_rejected: [] });
  });

  it('ends the connection of a minion whose key is deleted or rejected, which asks again and waits', async () => {
    const minion = await offer('a1');
    await key('-a', 'a1', '-y');
    await minion.line(/connected to the master/);
    const waits = minion.nextLine(WAITING);
    await key('-d', 'a1', '-y');
    await waits;
    expect(await listed()).toMatchObject({ minions: [], minions_pre: ['a1'] });
    const rejected = minion.nextLine(/the key of a1 is rejected/);
    await key('-r', 'a1', '-y');
    await rejected;
  });

  it('makes a token with which one minion is accepted unseen, once', async () => {
    const token = (await key('--gen-token', '--id', 't*', '--ttl', '10m')).stdout.trim();
    expect(token).toMatch(/^[\w-]{32}$/);
    await fleet().startMinion('t1', { config: { enroll_token: token } });
    expect(await listed()).toMatchObject({ minions: ['t1'] });
    await fleet().startMinion('t2', { config: { enroll_token: token }, line: WAITING });
    expect(await listed()).toMatchObject({ minions: ['t1'], minions_pre: ['t2'] });
  });

  it('does not take a token that is for other ids', async () => {
    const token = (await key('--gen-token', '--id', 't*')).stdout.trim();
    await fleet().startMinion('u1', { config: { enroll_token: token }, line: WAITING });
    expect(await listed()).toMatchObject({ minions: [], minions_pre: ['u1'] });
  });
});
