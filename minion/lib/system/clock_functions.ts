import * as v from 'valibot';
import { Count, Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { findExecutable } from '../find_executable.ts';
import { searchPath } from '../run_command.ts';
import { runProgram } from '../run_program.ts';
import {
  dateArgument,
  dateText,
  dateTimeText,
  inGreenwich,
  parseDate,
  parseTime,
  requireReal,
  timeText,
  UtcOffset,
  type WallTime,
  wallTime,
} from './wall_clock.ts';

const utc_offset = v.optional(UtcOffset);
const part = v.optional(Count);
const description = 'utc_offset is such as +0530; without it the time zone of the machine counts.';
const NewTime = v.pipe(
  Text,
  v.check((text) => parseTime(text) !== undefined, 'must be a time such as 11:20, 23:20:05 or 11:20 PM'),
);
const NewDate = v.pipe(
  Text,
  v.check((text) => parseDate(text) !== undefined, 'must be a date such as 2026-11-26 or 11/26/26'),
);

export const clockFunctions = {
  get_system_time: fn({
    summary: 'Return the time of the day, such as 01:05:09 PM.',
    description,
    args: { utc_offset },
    examples: ["salt '*' system.get_system_time"],
    reads: true,
    run: ({ clock }, { utc_offset: offset }) => timeText(wallTime(clock.nowMs(), offset)),
  }),
  get_system_date: fn({
    summary: 'Return the date, such as Thu 11/26/2026.',
    description,
    args: { utc_offset },
    examples: ["salt '*' system.get_system_date"],
    reads: true,
    run: ({ clock }, { utc_offset: offset }) => dateText(wallTime(clock.nowMs(), offset)),
  }),
  get_system_date_time: fn({
    summary: 'Return the date and the time, such as 2026-11-26 13:05:09.',
    description,
    args: { utc_offset },
    examples: [`salt '*' system.get_system_date_time "'-0500'"`],
    reads: true,
    run: ({ clock }, { utc_offset: offset }) => dateTimeText(wallTime(clock.nowMs(), offset)),
  }),
  set_system_time: fn({
    summary: 'Set the time of the day, of the hardware clock too where there is one.',
    description,
    args: { newtime: NewTime, utc_offset },
    returns: '``True``.',
    examples: [`salt '*' system.set_system_time "'11:20'"`],
    run: (context, { newtime, utc_offset: offset }) => setClock(context, parseTime(newtime) ?? {}, offset),
  }),
  set_system_date: fn({
    summary: 'Set the date, of the hardware clock too where there is one.',
    description,
    args: { newdate: NewDate, utc_offset },
    returns: '``True``.',
    examples: ["salt '*' system.set_system_date '03-28-13'"],
    run: (context, { newdate, utc_offset: offset }) => setClock(context, parseDate(newdate) ?? {}, offset),
  }),
  set_system_date_time: fn({
    summary: 'Set the date and the time, of the hardware clock too where there is one; what is left out stays.',
    description,
    args: { years: part, months: part, days: part, hours: part, minutes: part, seconds: part, utc_offset },
    returns: '``True``.',
    examples: [`salt '*' system.set_system_date_time 2015 5 12 11 37 53 "'-0500'"`],
    run: (context, { utc_offset: offset, ...parts }) => setClock(context, parts, offset),
  }),
  has_settable_hwclock: fn({
    summary: 'Return whether there is a hardware clock that can be set.',
    args: {},
    examples: ["salt '*' system.has_settable_hwclock"],
    reads: true,
    run: (context) => hasHardwareClock(context),
  }),
};

type Parts = { readonly [K in keyof WallTime]?: number | undefined };

async function setClock(context: MinionContext, parts: Parts, offset: number | undefined): Promise<true> {
  const now = wallTime(context.clock.nowMs(), offset);
  const given = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  const time: WallTime = { ...now, ...given };
  requireReal(time);
  await setDate(context, offset === undefined ? time : inGreenwich(time, offset), offset !== undefined);
  if (await hasHardwareClock(context)) {
    const failure = 'hwclock failed to set hardware clock from software clock';
    await runProgram(context, ['hwclock', '--systohc'], failure);
  }
  return true;
}

/** With seconds first, which POSIX does not have. */
async function setDate({ exec }: MinionContext, time: WallTime, isUtc: boolean): Promise<void> {
  const options = isUtc ? ['-u'] : [];
  const { retcode, stderr } = await exec(['date', ...options, dateArgument(time, true)]);
  if (retcode === 0) return;
  const again = await exec(['date', ...options, dateArgument(time, false)]);
  if (again.retcode !== 0) throw commandFailed(`date failed: ${stderr.trim()}`);
}

async function hasHardwareClock(context: MinionContext): Promise<boolean> {
  if ((await findExecutable('hwclock', searchPath(context))) === undefined) return false;
  return (await context.exec(['hwclock', '--test', '--systohc'])).retcode === 0;
}
