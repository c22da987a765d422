/** Names of Python exceptions that a template can raise; the oracle's messages carry them. */
export type PyErrorKind =
  | 'TypeError'
  | 'ValueError'
  | 'KeyError'
  | 'IndexError'
  | 'AssertionError'
  | 'AttributeError'
  | 'LookupError'
  | 'RuntimeError'
  | 'OverflowError'
  | 'ZeroDivisionError'
  | 'RecursionError'
  | 'UnicodeEncodeError'
  | 'UnicodeDecodeError'
  | 'UndefinedError'
  | 'SecurityError'
  | 'FilterArgumentError'
  | 'TemplateRuntimeError'
  | 'TemplateNotFound'
  | 'TemplatesNotFound'
  | 'TemplateSyntaxError'
  | 'LimitError'
  /** Not Python's: a function that a template called has failed. */
  | 'SaltFunctionError';

/** A text of data that a template has loaded, and the place in it that is wrong; both numbers from 1. */
export interface DataPlace {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** The file it came from; undefined when the template has made it. */
  readonly file?: string | undefined;
}

/** An exception with the type and text that Python would give; it becomes a located TemplateError at the template's edge. */
export class PyError extends Error {
  override readonly name = 'PyError';
  readonly kind: PyErrorKind;
  /** What the author could have meant or should do, when we know. */
  readonly hint: string | undefined;

  /** Where the error is, when it is in what the template has loaded. */
  readonly data: DataPlace | undefined;

  constructor(kind: PyErrorKind, message: string, hint?: string, details: { cause?: unknown; data?: DataPlace } = {}) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.hint = hint;
    this.data = details.data;
  }
}
