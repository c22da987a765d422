const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const DAY_MS = 86_400_000;

type Format = (date: Date) => string;

const formats: Readonly<Record<string, Format>> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => pad(date.getFullYear() % 100),
  C: (date) => pad(Math.trunc(date.getFullYear() / 100)),
  m: (date) => pad(date.getMonth() + 1),
  d: (date) => pad(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2),
  H: (date) => pad(date.getHours()),
  I: (date) => pad(date.getHours() % 12 || 12),
  M: (date) => pad(date.getMinutes()),
  S: (date) => pad(date.getSeconds()),
  f: (date) => `${pad(date.getMilliseconds(), 3)}000`,
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  A: (date) => days[date.getDay()] as string,
  a: (date) => (days[date.getDay()] as string).slice(0, 3),
  B: (date) => months[date.getMonth()] as string,
  b: (date) => (months[date.getMonth()] as string).slice(0, 3),
  h: (date) => (months[date.getMonth()] as string).slice(0, 3),
  j: (date) => pad(dayOfYear(date) + 1, 3),
  w: (date) => String(date.getDay()),
  u: (date) => String(date.getDay() || 7),
  U: (date) => pad(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7)),
  W: (date) => pad(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7)),
  V: (date) => pad(isoWeek(date)),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  F: (date) => formatTime(date, '%Y-%m-%d'),
  T: (date) => formatTime(date, '%H:%M:%S'),
  R: (date) => formatTime(date, '%H:%M'),
  D: (date) => formatTime(date, '%m/%d/%y'),
  x: (date) => formatTime(date, '%m/%d/%y'),
  X: (date) => formatTime(date, '%H:%M:%S'),
  c: (date) => formatTime(date, '%a %b %e %H:%M:%S %Y'),
  r: (date) => formatTime(date, '%I:%M:%S %p'),
  n: () => '\n',
  t: () => '\t',
  z: () => '',
  Z: () => '',
  '%': () => '%',
};

/** Python's `strftime` in the C locale, in local time; a date has no zone, so `%z` and `%Z` are empty. Unknown letters stay. */
export function formatTime(date: Date, format: string): string {
  return format.replace(/%(-?)([A-Za-z%])/g, (whole, dash: string, letter: string) => {
    const text = Object.hasOwn(formats, letter) ? (formats[letter] as Format)(date) : undefined;
    if (text === undefined) return whole;
    return dash === '-' ? text.replace(/^[0 ]+(?=\d)/, '') : text;
  });
}

function pad(number: number, length = 2): string {
  return String(number).padStart(length, '0');
}

/** From 0. */
function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (day - Date.UTC(date.getFullYear(), 0, 1)) / DAY_MS;
}

/** The week that the Thursday of the date's week lies in. */
function isoWeek(date: Date): number {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7));
  return Math.floor(dayOfYear(thursday) / 7) + 1;
}
