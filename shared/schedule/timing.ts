import { Cron } from 'croner';
import { FleetError } from '../errors.ts';
import { isDict } from '../python_text.ts';
import { nextMatch, parseDate } from './date_text.ts';
import type { ScheduleItem } from './schedule_item.ts';
import { ISO_FORMAT, parseTime } from './time_format.ts';
import type { Zone } from './zone.ts';

/** When an item comes round: so often, or by the calendar. An item of neither runs when it is told to. */
export type Timing =
  | { readonly kind: 'interval'; readonly ms: number }
  | { readonly kind: 'calendar'; next(afterMs: number): number | undefined }
  | { readonly kind: 'none' };

const AMOUNTS = ['seconds', 'minutes', 'hours', 'days'] as const;
const AMOUNT_MS = { seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;

/** `whens` are names that stand for dates. Throws ARGS_INVALID. */
export function openTiming(item: ScheduleItem, zone: Zone, whens: unknown): Timing {
  checkOne(item);
  if (item.when !== undefined) return whenTiming([item.when].flat(), zone, isDict(whens) ? whens : {});
  if (item.cron !== undefined) return cronTiming(item.cron, zone);
  if (item.once !== undefined) {
    const moment = zone.momentOf(parseTime(item.once, item.once_fmt ?? ISO_FORMAT));
    return { kind: 'calendar', next: (afterMs) => (moment > afterMs ? moment : undefined) };
  }
  if (AMOUNTS.every((amount) => item[amount] === undefined)) return { kind: 'none' };
  const ms = AMOUNTS.reduce((sum, amount) => sum + (item[amount] ?? 0) * AMOUNT_MS[amount], 0);
  if (ms >= 1000) return { kind: 'interval', ms };
  throw new FleetError('ARGS_INVALID', 'seconds, minutes, hours and days add up to less than a second');
}

/** Salt's two rules of what may stand together, in its words. */
function checkOne(item: ScheduleItem): void {
  const hasAmount = AMOUNTS.some((amount) => item[amount] !== undefined);
  if (hasAmount && (item.when !== undefined || item.cron !== undefined || item.once !== undefined)) {
    throw new FleetError(
      'ARGS_INVALID',
      'Unable to use "seconds", "minutes", "hours", or "days" with "when", "cron" or "once" options.',
    );
  }
  const calendar = (['when', 'cron', 'once'] as const).filter((key) => item[key] !== undefined);
  if (calendar.length < 2) return;
  const [one, other] = calendar;
  throw new FleetError('ARGS_INVALID', `Unable to use "${one}" and "${other}" options together.`);
}

function whenTiming(dates: readonly string[], zone: Zone, whens: Readonly<Record<string, unknown>>): Timing {
  const patterns = dates.map((text) => {
    const named = Object.hasOwn(whens, text) ? whens[text] : undefined;
    return parseDate(typeof named === 'string' ? named : text);
  });
  return {
    kind: 'calendar',
    next(afterMs) {
      const moments = patterns.map((pattern) => nextMatch(pattern, zone, afterMs)).filter((ms) => ms !== undefined);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
  };
}

/**
 * croniter counts seconds behind the five fields and years behind those; croner counts seconds before them. A fixed time
 * comes once on the days of a clock change, an interval in every real one.
 */
function cronTiming(expression: string, zone: Zone): Timing {
  const fields = expression.trim().split(/\s+/);
  const [seconds = '0', ...years] = fields.slice(5);
  const pattern = fields.length > 5 ? [seconds, ...fields.slice(0, 5), ...years].join(' ') : expression;
  try {
    const cron = new Cron(pattern, { paused: true, timezone: zone.name });
    return { kind: 'calendar', next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
  } catch (cause) {
    throw new FleetError('ARGS_INVALID', `${JSON.stringify(expression)} is not a cron expression`, {
      cause,
      hint: 'write minute hour day month weekday, such as */15 9-17 * * 1-5, and seconds behind them if they are needed',
    });
  }
}
