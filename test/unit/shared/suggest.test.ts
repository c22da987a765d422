import { describe, expect, it } from 'vitest';
import { nearest } from '../../../shared/suggest.ts';

const options = ['master', 'master_port', 'publish_port', 'id', 'log_level', 'log_file'];

describe('nearest', () => {
  it.each([
    ['mastr', 'master'],
    ['msater', 'master'],
    ['master_prot', 'master_port'],
    ['Log_Level', 'log_level'],
    ['log_fle', 'log_file'],
    ['di', 'id'],
    ['publishport', 'publish_port'],
  ])('suggests for %s the name %s', (word, expected) => {
    expect(nearest(word, options)).toBe(expected);
  });

  it('suggests nothing when no name is near', () => {
    expect(nearest('autoscale', options)).toBeUndefined();
    expect(nearest('', options)).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });

  it('takes the first of equally near names', () => {
    expect(nearest('cat', ['bat', 'hat'])).toBe('bat');
  });

  it('prefers the nearer name wherever it stands', () => {
    expect(nearest('test.pnig', ['test.pinging', 'test.ring', 'test.ping'])).toBe('test.ping');
  });
});
