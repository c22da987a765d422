import { expect, test } from 'vitest';
import { fail, ok, skip, warn } from '../../../../cli/doctor/check.ts';
import { type Entry, type Report, reportJson, reportText, statusOf } from '../../../../cli/doctor/report.ts';

const reportOf = (...entries: readonly Entry[]): Report => ({
  looked: [{ role: 'master', file: '/etc/salt/master' }],
  entries,
});
const entry = (check: string, finding: ReturnType<typeof ok>): Entry => ({ role: 'master', check, ...finding });
const bad = reportOf(
  entry('daemon', fail('salt-master does not run', 'systemctl start salt-master')),
  entry('packet_limits', skip('salt-master does not answer')),
  entry('minion_keys', warn('m1 waits', 'salt-key -a m1', 'on the master')),
  entry('refused_messages', skip('salt-master does not answer')),
  entry('disk', ok('there is room')),
);

test('each finding is a line, its mend the next, and what was not looked at comes last and together', () => {
  expect(reportText(bad, false).split('\n')).toEqual([
    'salt-master, configured in /etc/salt/master',
    '[fail] daemon: salt-master does not run',
    '  mend: systemctl start salt-master',
    '[warn] minion_keys: m1 waits',
    '  mend (on the master): salt-key -a m1',
    '[ok]   disk: there is room',
    '[skip] packet_limits, refused_messages: salt-master does not answer',
    '',
    '1 problem, 1 warning, 1 ok, 2 not looked at; begin with daemon',
  ]);
});

test('only what is well is called well', () => {
  const [last] = reportText(reportOf(entry('disk', ok('x')), entry('clock', skip('y'))), false)
    .split('\n')
    .slice(-1);
  expect(last).toBe('all is well: 1 ok, 1 not looked at');
});

test('colours are of the mark alone', () => {
  expect(reportText(bad, true)).toContain('[\x1b[0;1;31mfail\x1b[0;0m] daemon: salt-master does not run');
});

test('the exit status is 0, 1 with a warning, 2 with a problem', () => {
  expect(statusOf(reportOf(entry('disk', ok('x')), entry('clock', skip('y'))))).toBe(0);
  expect(statusOf(reportOf(entry('disk', ok('x')), entry('clock', warn('y', 'z'))))).toBe(1);
  expect(statusOf(bad)).toBe(2);
});

test('machines get one line of JSON with every finding', () => {
  const text = reportJson(bad);
  expect(text).not.toContain('\n');
  expect(JSON.parse(text)).toEqual({
    status: 'fail',
    ok: 1,
    skipped: 2,
    warnings: 1,
    problems: 1,
    checks: bad.entries,
  });
});
