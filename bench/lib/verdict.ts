import { figure } from './figure.ts';
import { type Measure, median, meetsBar } from './measure.ts';

/** `met, 58 % to spare`, `not met by 112 ms, 37 %`; undefined without a bar. */
export function verdictOf(measure: Measure): { readonly isMet: boolean; readonly text: string } | undefined {
  const { unit, values } = measure;
  const [isMet, limit, value] = [meetsBar(measure), limitOf(measure), median(values)];
  if (isMet === undefined || limit === undefined) return undefined;
  if (Number.isNaN(value)) return { isMet: false, text: 'not measured' };
  const distance = Math.abs(value - limit);
  const percent = Number(((distance / Math.abs(limit)) * 100).toPrecision(9));
  // Rounded down: nothing has the whole of its bar to spare.
  const share = limit === 0 ? '' : `${figure(isMet ? Math.floor(percent) : Math.round(percent))} %`;
  if (isMet) return { isMet, text: share === '' ? 'met' : `met, ${share} to spare` };
  const amount = unit === 'count' || unit === 'x' ? figure(distance) : `${figure(distance)} ${unit}`;
  return { isMet, text: `not met by ${amount}${share === '' ? '' : `, ${share}`}` };
}

/** What the median must keep to. */
export function limitOf({ bar }: Measure): number | undefined {
  if (bar === undefined) return undefined;
  return 'max' in bar ? bar.max : bar.min;
}

/** `≤ 300`; nothing without a bar. */
export function barText({ bar }: Measure): string {
  if (bar === undefined) return '';
  return 'max' in bar ? `≤ ${figure(bar.max)}` : `≥ ${figure(bar.min)}`;
}
