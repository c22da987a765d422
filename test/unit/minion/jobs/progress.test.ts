import { expect, test } from 'vitest';
import { createProgress } from '../../../../minion/jobs/progress.ts';
import { fakeClock } from '../../../support/fake_context.ts';

function start() {
  const clock = fakeClock();
  const sent: [number, Readonly<Record<string, string>>][] = [];
  return { clock, sent, progress: createProgress({ clock, send: (n, data) => void sent.push([n, data]) }) };
}

test('output is gathered for a moment and sent as one numbered piece for each moment', () => {
  const { clock, sent, progress } = start();
  progress.add('stdout', 'a\n');
  progress.add('stdout', 'b\n');
  progress.add('stderr', 'oops\n');
  expect(sent).toEqual([]);
  clock.advance(200);
  progress.add('stdout', 'c\n');
  clock.advance(200);
  expect(sent).toEqual([
    [0, { stdout: 'a\nb\n', stderr: 'oops\n' }],
    [1, { stdout: 'c\n' }],
  ]);
});

test('of a flood only the end is sent, and it says that something is missing', () => {
  const { clock, sent, progress } = start();
  progress.add('stdout', 'x'.repeat(100_000));
  progress.add('stdout', 'the end');
  clock.advance(200);
  const [[, { stdout = '' }]] = sent as [[number, Record<string, string>]];
  expect(stdout.length).toBeLessThan(33_000);
  expect(stdout).toMatch(/^\[…\]x+the end$/);
});

test('what is left is sent at the end, and nothing twice', () => {
  const { clock, sent, progress } = start();
  progress.add('stdout', 'last words');
  progress.end();
  clock.advance(1000);
  expect(sent).toEqual([[0, { stdout: 'last words' }]]);
});
