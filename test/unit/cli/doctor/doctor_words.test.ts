import { expect, test } from 'vitest';
import { doctorWords } from '../../../../cli/doctor/doctor_words.ts';

test.each([
  [['doctor'], []],
  [['doctor', '--json'], ['--json']],
  [
    ['-c', '/srv/etc', 'doctor', '--quick'],
    ['-c', '/srv/etc', '--quick'],
  ],
  [
    ['--config-dir=/srv', 'doctor', '--check', 'disk,clock'],
    ['--config-dir=/srv', '--check', 'disk,clock'],
  ],
  [
    ['-c', 'doctor', 'doctor'],
    ['-c', 'doctor'],
  ],
])('%j are words of the doctor', (argv, words) => expect(doctorWords(argv)).toEqual(words));

test.each([[['doctor', 'test.ping']], [['*', 'doctor']], [['-c', 'doctor']], [['--version']], [[]]])(
  '%j are not',
  (argv) => expect(doctorWords(argv)).toBeUndefined(),
);
