/** A figure for readers: three digits that count, with commas between thousands. What was not measured is a dash. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toExponential(2);
  if (size >= 100) return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(3)));
}
