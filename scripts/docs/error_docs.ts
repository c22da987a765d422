import { errorTable } from '../../shared/errors.ts';
import { code, page, table } from './markdown.ts';

/** `docs/reference/errors.md`. */
export function errorReference(): string {
  return page(
    '# Errors',
    'On the wire an error is `{code, message, hint?}`; on a command line it is one line on standard error and the exit status.',
    table(
      ['code', 'exit status', 'HTTP status', 'meaning'],
      Object.entries(errorTable).map(([name, { exit, http, summary }]) => [
        code(name),
        String(exit),
        String(http),
        summary,
      ]),
    ),
  );
}
