import { expect, test } from 'vitest';
import { figure } from '../../../../bench/lib/figure.ts';

test.each([
  [0, '0'],
  [0.00123456, '0.00123'],
  [1.25, '1.25'],
  [99.96, '100'],
  [123.4, '123'],
  [12_345.6, '12,346'],
  [-1234, '-1,234'],
  [1e12, '1,000,000,000,000'],
  [1.5e21, '1.50e+21'],
  [2e-9, '2.00e-9'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('%d is written as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});
