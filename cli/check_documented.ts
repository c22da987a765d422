import { FleetError } from '../shared/errors.ts';
import { selectNames } from '../shared/plugin/documentation.ts';

/**
 * Throws FUNCTION_UNKNOWN when one of the words after `-d` means none of the functions that were documented. Salt prints
 * nothing then, which reads as if there were nothing to say about them.
 */
export function checkDocumented(words: readonly unknown[], names: readonly string[], hint: string): void {
  const unknown = words.filter((word) => selectNames(names, [word]).length === 0);
  if (unknown.length === 0) return;
  const list = unknown.map((word) => `'${word}'`).join(', ');
  throw new FleetError('FUNCTION_UNKNOWN', `no module or function is called ${list}`, { hint });
}
