import { defineFilter } from '../../jinja/signature.ts';
import { toFloat } from '../../values/convert.ts';
import { PyError } from '../../values/py_error.ts';
import { PyFloat } from '../../values/py_float.ts';
import { HostFunction } from '../../values/py_function.ts';
import { isInt } from '../../values/py_int.ts';
import { NO_KWARGS, type Value } from '../../values/py_object.ts';
import { isText, pyRepr, pyStr, textOf } from '../../values/text.ts';
import { formatTime } from '../format_time.ts';
import type { NamedFilter } from '../pure_filter.ts';
import { unlessValueError } from '../to_number.ts';

/** `strftime` under its two names; `now` gives milliseconds since 1970. */
export function timeFilters(now: () => number): readonly NamedFilter[] {
  return ['strftime', 'date_format'].map(
    (name): NamedFilter => [
      name,
      defineFilter({ name, required: [], optional: { date: null, format: '%Y-%m-%d' } }, (scope, date, format) => {
        // Asked by way of the render, which gives the same time again when it has to start over.
        const clock = new HostFunction('now', () => new PyFloat(now()));
        const current = date === null ? scope.call(clock, [], NO_KWARGS) : undefined;
        const time = current instanceof PyFloat ? new Date(current.value) : toDate(date ?? null);
        return formatTime(time, pyStr(format ?? ''));
      }),
    ],
  );
}

/** Seconds since 1970, as number or text, or a date in words of ISO 8601, with slashes too. */
function toDate(value: Value): Date {
  if (isInt(value)) return new Date(Number(value) * 1000);
  if (value instanceof PyFloat) return new Date(value.value * 1000);
  const text = isText(value) ? textOf(value).trim() : '';
  const seconds = unlessValueError(() => toFloat(text));
  if (seconds !== undefined) return new Date(seconds * 1000);
  const parts = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  if (parts === null) throw new PyError('ValueError', `Unable to parse ${pyRepr(value)}`);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  return new Date(year, month - 1, day, hour, minute, second);
}
