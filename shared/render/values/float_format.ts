/** A non-negative double in C's e, f or g style (upper-case letters for upper-case types); `precision` digits as C counts them. */
export function formatFloat(value: number, type: string, precision: number, alternate = false): string {
  const lower = type.toLowerCase();
  let text: string;
  if (!Number.isFinite(value)) text = Number.isNaN(value) ? 'nan' : 'inf';
  else if (lower === 'f') text = fixed(value, precision) + (alternate && precision === 0 ? '.' : '');
  else if (lower === 'e') text = exponential(value, precision);
  else text = general(value, precision, alternate);
  return type === lower ? text : text.toUpperCase();
}

/** `%.{digits}f` with the exact decimal value of the double, correctly rounded at any size. */
export function fixed(value: number, digits: number): string {
  // toFixed is exact up to 100 digits but switches to exponents at 1e21.
  if (value < 1e21)
    return digits <= 100 ? value.toFixed(digits) : value.toFixed(100).padEnd(value.toFixed(0).length + 1 + digits, '0');
  const whole = BigInt(value).toString();
  return digits > 0 ? `${whole}.${'0'.repeat(digits)}` : whole;
}

function exponential(value: number, precision: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential(Math.min(precision, 100)).split('e');
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${exponent.replace(/^[-+]/, '').padStart(2, '0')}`;
}

function general(value: number, precision: number, alternate: boolean): string {
  const digits = Math.min(Math.max(precision, 1), 100);
  const exponent = value === 0 ? 0 : Number(value.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= digits) {
    const text = exponential(value, digits - 1);
    return alternate ? text : text.replace(/\.?0*e/, 'e').replace(/^(\d+)e/, '$1e');
  }
  const text = fixed(value, Math.max(0, digits - 1 - exponent));
  return alternate || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
}
