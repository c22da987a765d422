import { expect, test } from 'vitest';
import clock, { type ClockFacts } from '../../../../../cli/doctor/checks/clock.ts';
import { told } from '../../../../support/told_findings.ts';

const nowMs = Date.UTC(2026, 10, 26, 3, 0, 0);
const mend = 'timedatectl set-ntp true; timedatectl status';
const judge = (facts: Partial<ClockFacts>) =>
  told(clock.judge({ nowMs, masterTime: undefined, passed: [], isMaster: false, ...facts }));
/** The master says so many seconds more than this machine, and its answer took a while. */
const differing = (seconds: number, tookMs = 20) =>
  judge({ masterTime: { seconds: nowMs / 1000 + seconds, askedMs: nowMs, answeredMs: nowMs + tookMs } });

test('clocks that agree within what can be known are well', () => {
  const line = "ok: the clock differs from the master's by less than 5 s";
  expect([differing(0), differing(4), differing(-4), differing(0, 900)]).toEqual([[line], [line], [line], [line]]);
});

test('a clock that is behind or ahead is told with how much, and what comes of it', () => {
  const harm = 'schedules run, and logs are written, at the wrong time';
  expect(differing(90)).toEqual([`warn: the clock is 90 s behind the master's: ${harm} => ${mend}`]);
  expect(differing(-7200)).toEqual([`warn: the clock is 2 h ahead of the master's: ${harm} => ${mend}`]);
  expect(differing(30 * 86_400)).toEqual([
    `fail: the clock is 30 days behind the master's: certificates may not be valid yet, or any more => ${mend}`,
  ]);
});

test('without a connection, a clock that is before what has happened is wrong', () => {
  const passed = [
    { ms: nowMs - 86_400_000, what: "the master's key was made" },
    { ms: nowMs + 60_000, what: 'the master was started' },
  ];
  expect(judge({ passed })).toEqual([
    `warn: the clock says 2026-11-26 03:00:00 UTC, but the master was started on 2026-11-26 03:01:00 UTC => ${mend}`,
  ]);
  expect(judge({ nowMs: 0, passed, isMaster: true })[0]).toMatch(
    /^fail: the clock says 1970-01-01 00:00:00 UTC, but the master was started on .*: certificates are not valid yet/,
  );
});

test('a clock that nothing speaks against is told on the master, and not judged on a minion', () => {
  expect(judge({ isMaster: true })).toEqual([
    'ok: the clock says 2026-11-26 03:00:00 UTC; minions compare theirs with it',
  ]);
  expect(judge({})).toEqual(["skip: not compared with the master's, which did not tell its time"]);
});
