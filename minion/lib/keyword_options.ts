import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { pyRepr } from '../../shared/python_text.ts';

/**
 * The keyword arguments of a function that takes any number of positional ones: those that it knows, checked. Throws
 * ARGS_INVALID for others, which are mistakes.
 */
export function keywordOptions<const E extends v.ObjectEntries>(
  kwargs: Readonly<Record<string, unknown>>,
  entries: E,
): v.InferOutput<v.ObjectSchema<E, undefined>> {
  const unknown = Object.entries(kwargs).filter(([key]) => !Object.hasOwn(entries, key));
  if (unknown.length > 0) {
    const list = unknown.map(([key, value]) => `${key}=${pyRepr(value)}`).join(', ');
    const known = Object.keys(entries).join(', ');
    throw new FleetError('ARGS_INVALID', `The following keyword arguments are not valid: ${list}`, {
      hint: known === '' ? 'it takes none' : `it takes ${known}`,
    });
  }
  const result = v.safeParse(v.object(entries), kwargs);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FleetError('ARGS_INVALID', `${v.getDotPath(issue) ?? 'a keyword argument'}: ${issue.message}`);
}
