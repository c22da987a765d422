import type { Environment, Variables } from './jinja/environment.ts';
import { TemplateError } from './jinja/template_error.ts';
import { RenderError } from './render_error.ts';

/** A file that is a template. */
export interface TemplateFile {
  /** Its path below the file roots, by which errors and relative imports know it. */
  readonly path: string;
  readonly text: string;
}

/**
 * The text that a template prints, by functions that answer at once. What it imports sees the context too.
 * @throws RenderError
 */
export function renderTemplate(environment: Environment, file: TemplateFile, context: Variables): string {
  try {
    return withNewline(environment.render({ name: file.path, source: file.text }, context, context), file);
  } catch (error) {
    throw asRenderError(error, file);
  }
}

/**
 * The same by functions that may answer promises; `context` is called for each pass and must give fresh values.
 * @throws RenderError
 */
export async function renderTemplateAsync(
  environment: Environment,
  file: TemplateFile,
  context: () => Variables,
): Promise<string> {
  try {
    return withNewline(await environment.renderAsync({ name: file.path, source: file.text }, context, context), file);
  } catch (error) {
    throw asRenderError(error, file);
  }
}

// Jinja drops a template's last line break; Salt puts it back, whatever stands before it.
function withNewline(output: string, { text }: TemplateFile): string {
  return text.endsWith('\n') ? `${output}\n` : output;
}

const NOT_FOUND =
  "there is no such file: paths count from the file roots, or with './' from the directory of this file";

function hintFor({ kind }: TemplateError): string | undefined {
  return kind === 'TemplateNotFound' || kind === 'TemplatesNotFound' ? NOT_FOUND : undefined;
}

/** What is not the template's error stays what it is. */
function asRenderError(error: unknown, file: TemplateFile): unknown {
  if (!(error instanceof TemplateError)) return error;
  const [place, ...chain] = error.places;
  return new RenderError(`${error.saltMessage()}\n\n${error.excerpt}`, {
    renderer: 'jinja',
    file: place?.template ?? file.path,
    line: place?.line,
    column: place?.column,
    excerpt: error.excerpt,
    chain,
    hint: error.hint ?? hintFor(error),
    cause: error,
  });
}
