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
