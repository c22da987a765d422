import { expect, test } from 'vitest';
import python from '../../../../minion/grains/python.ts';
import { createExec, type Exec } from '../../../../minion/lib/exec.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { fakeContext } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { grainSource } from '../../../support/grain_source.ts';

const answer = {
  pythonexecutable: '/usr/bin/python3',
  pythonpath: ['/usr/lib/python312.zip', '/usr/lib/python3.12'],
  pythonversion: [3, 12, 1, 'final', 0],
};

function answering(answers: Readonly<Record<string, { readonly retcode: number; readonly stdout: string }>>): Exec {
  return async ([program]) => {
    const { retcode, stdout } = answers[program] ?? { retcode: 127, stdout: '' };
    return { pid: 1, retcode, stdout, stderr: '', timedOut: false };
  };
}

test('Python is asked for its version, its path and its program', async () => {
  const root = await fixtureRoot({ 'usr/bin/python3': '', 'usr/local/bin/python3': '' });
  const exec = answering({ '/usr/bin/python3': { retcode: 0, stdout: `${JSON.stringify(answer)}\n` } });
  expect(await python.collectOnce?.(grainSource(root, { exec }))).toEqual(answer);
});

test('one that somebody built is asked where the distribution has none', async () => {
  const root = await fixtureRoot({ 'usr/local/bin/python3': '' });
  const exec = answering({ '/usr/local/bin/python3': { retcode: 0, stdout: JSON.stringify(answer) } });
  expect(await python.collectOnce?.(grainSource(root, { exec }))).toEqual(answer);
});

test('a machine without Python, or with one that does not start, has no such grains', async () => {
  expect(await python.collectOnce?.(grainSource(await fixtureRoot({})))).toEqual({});
  const root = await fixtureRoot({ 'usr/bin/python3': '' });
  expect(await python.collectOnce?.(grainSource(root, { exec: answering({}) }))).toEqual({});
});

test('a real Python understands the question', async () => {
  const run = createExec({ env: process.env, log: fakeContext().log, clock: systemClock });
  const exec: Exec = ([, ...args], options) => run(['python3', ...args], options);
  const source = grainSource(await fixtureRoot({ 'usr/bin/python3': '' }), { exec });
  expect(await python.collectOnce?.(source)).toEqual({
    pythonexecutable: expect.stringMatching(/^\/.*python3/),
    pythonpath: expect.arrayContaining([expect.stringMatching(/python3\.\d+$/)]),
    pythonversion: [
      3,
      expect.any(Number),
      expect.any(Number),
      expect.stringMatching(/^(final|candidate|beta|alpha)$/),
      expect.any(Number),
    ],
  });
});
