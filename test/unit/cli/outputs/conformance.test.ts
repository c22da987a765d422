import { expect, test } from 'vitest';
import conformance from '../../../../cli/outputs/conformance.ts';

test('each check has a line, and one that is not passed says why and what should be', () => {
  const data = {
    minion: 'led1',
    level: 'none',
    max_packet: { declared: 256, answered: 192 },
    window: 1,
    round_trip_ms: 3.5,
    checks: [
      { name: 'answers a job', level: 'L0', result: 'passed' },
      { name: 'runs a job once', level: 'L0', result: 'failed', why: 'it ran twice', should: 'remember' },
      { name: 'refuses a wrong signature', level: 'L1', result: 'not tried' },
    ],
  };
  expect(conformance.format(data, { colour: false })).toBe(
    [
      'led1: level none',
      '  packets of 192 bytes (declared: 256), window 1, round trip 3.5 ms',
      '  passed    L0  answers a job',
      '  failed    L0  runs a job once',
      '                it ran twice',
      '                it should remember',
      '  not tried L1  refuses a wrong signature',
    ].join('\n'),
  );
});

test('what is no such result is printed as anything else', () => {
  expect(conformance.format({ a: 1 }, { colour: false })).toBe(['a:', '    1'].join('\n'));
});
