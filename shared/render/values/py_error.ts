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
  | 'LimitError';

/** An exception with the type and text that Python would give; it becomes a located TemplateError at the template's edge. */
export class PyError extends Error {
  override readonly name = 'PyError';
  readonly kind: PyErrorKind;
  /** What the author could have meant or should do, when we know. */
  readonly hint: string | undefined;

  constructor(kind: PyErrorKind, message: string, hint?: string) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}
