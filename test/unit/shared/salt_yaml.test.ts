import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { saltSchema } from '../../../shared/salt_yaml.ts';

describe('the YAML of Salt', () => {
  it.each<[string, unknown]>([
    ['0644', 644],
    ['000', 0],
    ['0', 0],
    ['-0644', -420],
    ['0_7', 7],
    ['08', '08'],
    ['0x1F', 31],
    ['0b101', 5],
    ['0x_', '0x_'],
    ['1_000', 1000],
    ['+12', 12],
    ['12:30', 750],
    ['-1:0', -60],
    ['1:99', '1:99'],
    ['12:30.5', 750.5],
    ['.5', 0.5],
    ['-1.5e+3', -1500],
    ['1e3', '1e3'],
    ['-.INF', Number.NEGATIVE_INFINITY],
    ['on', true],
    ['No', false],
    ['y', 'y'],
    ['2020-01-01', '2020-01-01'],
    ['20261122092952650933', '20261122092952650933'],
    ['~', null],
  ])('reads %s as %j', (text, expected) => {
    expect(load(text, { schema: saltSchema })).toEqual(expected);
  });
});
