import { FleetError } from '../errors.ts';
import type { WallTime } from './zone.ts';

/** Python's strptime and strftime, as far as schedules need them (`once_fmt`, `time_fmt`). */
export const ISO_FORMAT = '%Y-%m-%dT%H:%M:%S';

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** The month of a name or of its first three letters, from 1; undefined when it is none. */
export function monthOf(name: string): number | undefined {
  const index = MONTHS.findIndex((month) => name === month || name === month.slice(0, 3));
  return index === -1 ? undefined : index + 1;
}

type Fields = WallTime & { readonly afternoon: boolean | undefined };

interface Directive {
  readonly pattern: string;
  read(text: string): Partial<Fields>;
  write(wall: WallTime): string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const number = (field: keyof WallTime, pattern: string): Directive => ({
  pattern,
  read: (text) => ({ [field]: Number(text) }),
  write: (wall) => two(wall[field]),
});
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const month = (letters: number): Directive => ({
  pattern: '[A-Za-z]+',
  read: (text) => ({ month: monthOf(text.toLowerCase()) ?? 0 }),
  write: (wall) => capital((MONTHS[wall.month - 1] ?? '').slice(0, letters)),
});

const directives: Readonly<Record<string, Directive>> = {
  Y: { ...number('year', '\\d{4}'), write: ({ year }) => String(year).padStart(4, '0') },
  y: {
    pattern: '\\d{2}',
    // Python's rule, from POSIX.
    read: (text) => ({ year: Number(text) + (Number(text) < 69 ? 2000 : 1900) }),
    write: ({ year }) => two(year % 100),
  },
  m: number('month', '\\d{1,2}'),
  B: month(9),
  b: month(3),
  d: number('day', '\\d{1,2}'),
  H: number('hour', '\\d{1,2}'),
  I: { ...number('hour', '\\d{1,2}'), write: ({ hour }) => two(hour % 12 || 12) },
  p: {
    pattern: '[AaPp][Mm]',
    read: (text) => ({ afternoon: /^p/i.test(text) }),
    write: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  },
  M: number('minute', '\\d{1,2}'),
  S: number('second', '\\d{1,2}'),
};

/** Throws ARGS_INVALID when the text is not of that format, or is no time. */
export function parseTime(text: string, format: string): WallTime {
  const used: Directive[] = [];
  const pattern = split(format).map((part) => {
    if (typeof part === 'string') return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    used.push(part);
    return `(${part.pattern})`;
  });
  const match = new RegExp(`^${pattern.join('')}$`).exec(text);
  const fields: Fields = { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0, afternoon: undefined };
  const read = used.map((directive, index) => directive.read(match?.[index + 1] ?? ''));
  const { afternoon, ...wall }: Fields = Object.assign(fields, ...read);
  const hour = afternoon === undefined ? wall.hour : (wall.hour % 12) + (afternoon ? 12 : 0);
  if (match !== null && isWallTime({ ...wall, hour })) return { ...wall, hour };
  throw new FleetError('ARGS_INVALID', `${JSON.stringify(text)} is not a time of the format ${format}`);
}

export function formatTime(wall: WallTime, format: string): string {
  return split(format)
    .map((part) => (typeof part === 'string' ? part : part.write(wall)))
    .join('');
}

/** False for the 31st of June, and for hour 24. */
export function isWallTime({ year, month, day, hour, minute, second }: WallTime): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isDay && hour < 24 && minute < 60 && second < 60;
}

function split(format: string): (string | Directive)[] {
  return format.split(/(%.)/s).map((part) => {
    if (!part.startsWith('%')) return part;
    const name = part.slice(1);
    if (name === '%') return name;
    const directive = Object.hasOwn(directives, name) ? directives[name] : undefined;
    if (directive !== undefined) return directive;
    throw new FleetError('ARGS_INVALID', `${part} of the format ${format} is not known`, {
      hint: `there are ${Object.keys(directives)
        .map((letter) => `%${letter}`)
        .join(' ')}`,
    });
  });
}
