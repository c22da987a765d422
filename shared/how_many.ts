/** How many of a group: a whole number from 1, or a percentage. */
export const howManyPattern = /^([1-9]\d*|\d+(\.\d+)?%)$/;

/** The number itself, or the whole part of that share of all; at least one. */
export function howMany(wanted: string | number, all: number): number {
  const text = String(wanted);
  const count = text.endsWith('%') ? Math.floor((Number.parseFloat(text) / 100) * all) : Number(text);
  return Math.max(1, count);
}
