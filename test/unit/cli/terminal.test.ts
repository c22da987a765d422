import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { processTerminal } from '../../../cli/terminal.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('what is printed in one turn of the event loop is written in one piece', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const terminal = processTerminal();
  terminal.out('m1:\n    True');
  terminal.out('');
  terminal.out('m2:\n    True');
  await setImmediate();
  expect(write.mock.calls).toEqual([['m1:\n    True\nm2:\n    True\n']]);
});

test('what is printed stands before the error that comes after it', () => {
  const written: unknown[] = [];
  const note = (text: unknown): boolean => written.push(text) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(process.stderr, 'write').mockImplementation(note);
  const terminal = processTerminal();
  terminal.out('m1:\n    True');
  terminal.err('ERROR: Minions returned with non-zero exit code');
  expect(written).toEqual(['m1:\n    True\n', 'ERROR: Minions returned with non-zero exit code\n']);
});
