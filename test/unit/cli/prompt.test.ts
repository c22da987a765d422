import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askYesNo } from '../../../cli/prompt.ts';

function ask(typed: string | undefined, byDefault: boolean) {
  const input = new PassThrough();
  const output = new PassThrough();
  const answer = askYesNo('Proceed? [n/Y] ', byDefault, { input, output });
  input.end(typed);
  return { answer, output };
}

describe('askYesNo', () => {
  it.each([
    ['y\n', false, true],
    ['Yes\n', false, true],
    ['n\n', true, false],
    ['maybe\n', true, false],
    ['\n', true, true],
    ['\n', false, false],
    ['y', false, true],
    ['n\ny\n', true, false],
  ])('takes %j with default %s for %s', async (typed, byDefault, expected) => {
    expect(await ask(typed, byDefault).answer).toBe(expected);
  });

  it.each([undefined, ''])('refuses the end of the input (%j) for an answer, on a line of its own', async (typed) => {
    const { answer, output } = ask(typed, true);
    await expect(answer).rejects.toMatchObject({ code: 'USAGE', hint: '-y answers yes' });
    expect(String(output.read())).toBe('Proceed? [n/Y] \n');
  });

  it('puts the question to the output without a newline', async () => {
    const { answer, output } = ask('y\n', true);
    await answer;
    expect(String(output.read())).toBe('Proceed? [n/Y] ');
  });
});
