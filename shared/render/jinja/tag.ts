import type { Statement } from './nodes.ts';
import type { Parser } from './parser.ts';

/** A tag of an extension: it reads itself (the cursor is on its name) and answers the statements it stands for. */
export interface Tag {
  readonly names: readonly string[];
  readonly parse: (parser: Parser) => Statement[];
}
