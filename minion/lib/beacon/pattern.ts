import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { compileRegex } from '../../../shared/target/regex.ts';

/** A regular expression in Python's spelling, as text. What cannot be read is wrong when it is configured, not later. */
export const Pattern = v.pipe(
  v.string('must be a regular expression'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      compileRegex(dataset.value, { code: 'CONFIG_INVALID' });
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      addIssue({ message: `${error.message}; ${error.hint}` });
    }
  }),
);
