import { PyError } from './py_error.ts';

// Python's own limit (CVE-2020-10735): reading and writing long numbers takes time that grows with the square.
const MAX_DIGITS = 4300;

/** Refuses a number with more digits than Python reads or writes. */
export function checkDigits(count: number, isRead: boolean): void {
  if (count <= MAX_DIGITS) return;
  const found = isRead ? `: value has ${count} digits` : '';
  throw new PyError(
    'ValueError',
    `Exceeds the limit (${MAX_DIGITS} digits) for integer string conversion${found}; use sys.set_int_max_str_digits() to increase the limit`,
  );
}

/** The int that decimal digits stand for. */
export function decimalInt(digits: string): number | bigint {
  checkDigits(digits.length, true);
  return normalInt(BigInt(digits));
}

/** An int in its one shape: a number when it is exact there, else a bigint. */
export function normalInt(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** Is it a Python int (bool excluded)? */
export function isInt(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** The int nearest to zero of a finite double, exact however large. */
export function intFromDouble(value: number): number | bigint {
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole + 0 : normalInt(BigInt(whole));
}
