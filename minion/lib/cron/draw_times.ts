import { randomInt } from 'node:crypto';
import { parseRange } from './change_entries.ts';
import { type CronJob, timeFields } from './crontab.ts';

const bounds = {
  minute: { from: 0, to: 59 },
  hour: { from: 0, to: 23 },
  month: { from: 1, to: 12 },
  dayweek: { from: 0, to: 6 },
} as const;

/** Puts a number for each `random` and for each range such as `5:20`, which spread the load of many machines. */
export function drawTimes(job: CronJob): CronJob {
  const month = draw(job.month, bounds.month);
  const times = timeFields.map((field) => {
    if (field === 'month') return [field, month];
    return [field, draw(job[field], field === 'daymonth' ? { from: 1, to: lastDay(month) } : bounds[field])];
  });
  return { ...job, ...Object.fromEntries(times) };
}

function draw(time: string, all: { readonly from: number; readonly to: number }): string {
  const range = time === 'random' ? all : parseRange(time);
  return range === undefined ? time : String(randomInt(range.from, range.to + 1));
}

/** A day that each of the months has. */
function lastDay(month: string): number {
  if (['1', '3', '5', '7', '8', '10', '12'].includes(month)) return 31;
  return ['4', '6', '9', '11'].includes(month) ? 30 : 28;
}
