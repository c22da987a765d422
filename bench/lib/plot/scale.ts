/** Where values stand along an axis. */
export interface Scale {
  readonly kind: 'linear' | 'log';
  /** Round values, rising. */
  readonly ticks: readonly number[];
  /** From 0 at the lower end to 1 at the upper one; what lies beyond an end stands at it. */
  at(value: number): number;
}

const TICKS_MAX = 7;
/** Nearer to zero, numbers lose their digits. */
const LEAST = 1e-300;

/** From zero, or from below the least value when that is negative, to a round value above the greatest. */
export function linearScale(values: readonly number[]): Scale {
  const known = values.filter(Number.isFinite);
  const low = Math.min(0, ...known);
  // Where all is zero, there is room above it nevertheless.
  const high = known.some((value) => Math.abs(value) > LEAST) ? Math.max(0, ...known) : 1;
  const step = roundUp((high - low) / (TICKS_MAX - 2));
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => roundOff((first + index) * step));
  return { kind: 'linear', ticks, at: (value) => clamp((value / step - first) / (last - first)) };
}

/** Between round values around those that are above zero; zero, which has no place, stands at the lower end. */
export function logScale(values: readonly number[]): Scale {
  const known = values.filter((value) => Number.isFinite(value) && value > LEAST);
  const low = roundDown(Math.min(...(known.length === 0 ? [1] : known)));
  const high = Math.max(roundUp(Math.max(...(known.length === 0 ? [10] : known))), low * 2);
  const [from, to] = [Math.log10(low), Math.log10(high)];
  return {
    kind: 'log',
    ticks: logTicks(low, high),
    at: (value) => (value > 0 ? clamp((Math.log10(value) - from) / (to - from)) : 0),
  };
}

/** A log scale when linear ones would press the small values together, and there is nothing without a logarithm. */
export function fittingScale(values: readonly number[]): Scale {
  const known = values.filter(Number.isFinite);
  const isWide = Math.max(...known) / Math.min(...known) > 30;
  return isWide && known.every((value) => value > LEAST) ? logScale(values) : linearScale(values);
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** All of 1, 2 and 5 times powers of ten where they have room, else powers of ten alone, as many as have room. */
function logTicks(low: number, high: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = (factors: readonly number[]): number[] =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index)
      .flatMap((power) => factors.map((factor) => roundOff(factor * 10 ** power)))
      .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  const fine = every([1, 2, 5]);
  if (fine.length <= TICKS_MAX) return fine;
  const powers = every([1]);
  const stride = Math.ceil(powers.length / TICKS_MAX);
  return powers.filter((_, index) => index % stride === 0);
}

/** The least of 1, 2, 5, 10 times a power of ten that is not below. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return roundOff(([1, 2, 5].find((factor) => factor * power >= value * 0.999) ?? 10) * power);
}

function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return roundOff(([5, 2, 1].find((factor) => factor * power <= value * 1.001) ?? 1) * power);
}

/** 0.30000000000000004 is meant to be 0.3. */
function roundOff(value: number): number {
  return Number(value.toPrecision(12));
}
