import * as v from 'valibot';

/** An absolute path as the key of a mapping. */
export const PathKey = v.pipe(v.string('must be an absolute path'), v.startsWith('/', 'must be an absolute path'));
