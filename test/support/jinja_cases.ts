import { grammarFiles, grammarVariables } from './jinja_grammar.ts';
import { askOracle } from './python_oracle.ts';
import { type Rendered, renderFile } from './render_trees.ts';

const path = 'case.jinja';

/** What a template prints or why it fails, among the files and variables of the grammar. */
export function renderCase(template: string): Rendered {
  const files = new Map(Object.entries({ ...grammarFiles, [path]: template }));
  const tree = { name: 'case', files, pillar: '{}', variables: grammarVariables };
  return neutral(renderFile(tree, path, { name: '', grains: {}, hasPillar: true }), path);
}

/** The same by Python's Jinja2. */
export function askCases(templates: readonly string[]): Rendered[] {
  const requests = templates.map((template) => ({
    files: { ...grammarFiles, [path]: template },
    path,
    sls: '',
    grains: {},
    pillar: '{}',
    variables: grammarVariables,
  }));
  return askOracle<Rendered>('salt_oracle.py', requests).map((answer) => neutral(answer, path));
}

/**
 * Without what differs between two runs of Python (addresses) and what is said otherwise on purpose: a template that is given as
 * text has no name, an error of Jinja's compiler is a syntax error, one of a regular expression a ValueError that shows it.
 */
export function neutral(rendered: Rendered, path: string): Rendered {
  const plain = (text: string) => text.replace(/\b0x[0-9a-f]{6,}\b/gi, '0x0').replaceAll(` in '${path}'`, '');
  if ('text' in rendered) return { text: plain(rendered.text) };
  const { error, message } = rendered;
  const kinds: Readonly<Record<string, string>> = {
    TemplateAssertionError: 'TemplateSyntaxError',
    error: 'ValueError',
  };
  return { error: kinds[error] ?? error, message: plain(message).replace(/^regular expression ".*?": (?=\w)/s, '') };
}

/** The places where we differ on purpose, or where Python itself says something else each time. */
export function differsByDesign(template: string, python: Rendered, ours: Rendered): boolean {
  const message = 'message' in ours ? ours.message : '';
  const kind = 'error' in python ? python.error : '';
  return (
    // Values that contain themselves.
    (kind === 'RecursionError' && 'error' in ours && ours.error === 'LimitError') ||
    message === 'complex numbers are not supported' ||
    // Salt shows the line that is wrong, and what is no JSON.
    (kind === 'TemplateRuntimeError' && /^(?:Encountered error loading yaml|Unable to load json)/.test(message)) ||
    // Python's classes of errors that no template can tell apart from others.
    (kind === 'RepresenterError' && 'error' in ours) ||
    // Sets come in the order of CPython's hash table.
    /unique|union|intersect|difference/.test(template) ||
    // MarkupSafe wraps them or not, by its version.
    (/casefold|removeprefix|removesuffix/.test(template) && /Markup|escape|safe/.test(template + message))
  );
}
