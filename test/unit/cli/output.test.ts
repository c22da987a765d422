import { describe, expect, it } from 'vitest';
import { chooseOutput, formatOutput, loadOutput, outputFolder } from '../../../cli/output.ts';

describe('the outputters', () => {
  it('are the files of the folder', () => {
    expect(outputFolder.names).toEqual([
      'conformance',
      'highstate',
      'json',
      'key',
      'nested',
      'newline_values_only',
      'no_return',
      'pprint',
      'quiet',
      'raw',
      'table',
      'txt',
      'yaml',
    ]);
  });

  it.each(outputFolder.names)('%s says in a sentence what it is for', async (name) => {
    expect((await loadOutput(name)).summary).toMatch(/^[A-Z].*\.$/);
  });

  it.each(outputFolder.names)('%s prints no escape byte without colour, whatever the minion sent', async (name) => {
    const hostile = { 'm\x1b[1m': { 'k\x1b[0m': ['\x1b]0;x\x07', { a: '\x9b2J' }], s: '\x1b[2J' } };
    expect(await formatOutput(name, hostile, { colour: false })).not.toMatch(/[^\P{Cc}\t\n]/u);
  });

  it.each(outputFolder.names)('%s takes every root value without failing', async (name) => {
    for (const data of [null, true, 0, 'text', [], {}, [[]], [{}], { m1: null }, { m1: [null] }]) {
      expect(await formatOutput(name, data, { colour: false })).toBeTypeOf('string');
    }
  });
});

describe('loadOutput', () => {
  it('names the nearest outputter when there is none of that name', async () => {
    await expect(loadOutput('jsn')).rejects.toMatchObject({
      code: 'USAGE',
      message: "there is no outputter 'jsn'",
      hint: 'did you mean json?',
    });
    await expect(loadOutput('spreadsheet')).rejects.toMatchObject({ hint: expect.stringContaining('highstate, json') });
  });
});

describe('chooseOutput', () => {
  it.each([
    [undefined, undefined, 'nested'],
    [undefined, 'highstate', 'highstate'],
    [undefined, 'grains', 'nested'],
    ['json', 'highstate', 'json'],
    ['highstate', undefined, 'nested'],
    ['highstate', 'highstate', 'highstate'],
    ['bogus', 'highstate', 'bogus'],
  ])('takes for --out %s and a return that asks for %s: %s', (flag, wanted, expected) => {
    expect(chooseOutput(flag, wanted)).toBe(expected);
  });
});
