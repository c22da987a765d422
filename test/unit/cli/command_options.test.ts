import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addPrintOptions, type PrintOptions } from '../../../cli/command_options.ts';

const parse = (...argv: string[]): PrintOptions =>
  addPrintOptions(new Command('salt-run')).parse(argv, { from: 'user' }).opts<PrintOptions>();

test('--json is --out json, and an outputter that is named is stronger', () => {
  expect(parse('--json').out).toBe('json');
  expect(parse('--json', '--out', 'yaml').out).toBe('yaml');
  expect(parse().out).toBeUndefined();
});
