import type { Environment, Variables } from './jinja/environment.ts';
import { parseData } from './parse_data.ts';
import { RenderError } from './render_error.ts';
import { type RendererName, renderPipe } from './render_pipe.ts';
import { renderTemplate, renderTemplateAsync, type TemplateFile } from './render_template.ts';
import type { Value } from './values/py_object.ts';

/** A file to render. */
export interface SlsFile extends TemplateFile {
  /** The renderers of a file that names none. Default `jinja|yaml`. */
  readonly pipe?: string;
}

/**
 * The data of an SLS file whose functions answer at once: each renderer of its pipe gets what the one before has made.
 * @throws RenderError
 */
export function renderSls(environment: Environment, file: SlsFile, context: Variables): Value {
  let value: Value = file.text;
  for (const renderer of pipeOf(file)) {
    const text = requireText(value, renderer, file);
    value =
      renderer === 'jinja'
        ? renderTemplate(environment, { path: file.path, text }, context)
        : parseData(renderer, text, file);
  }
  return value;
}

/**
 * The same with functions that may answer promises; `context` is called for each pass and must give fresh values.
 * @throws RenderError
 */
export async function renderSlsAsync(
  environment: Environment,
  file: SlsFile,
  context: () => Variables,
): Promise<Value> {
  let value: Value = file.text;
  for (const renderer of pipeOf(file)) {
    const text = requireText(value, renderer, file);
    value =
      renderer === 'jinja'
        ? await renderTemplateAsync(environment, { path: file.path, text }, context)
        : parseData(renderer, text, file);
  }
  return value;
}

/** A file of nothing but white space is an empty dict, whoever should render it. */
function pipeOf(file: SlsFile): readonly RendererName[] {
  return file.text.trim() === '' ? ['yaml'] : renderPipe(file.text, file.path, file.pipe);
}

function requireText(value: Value, renderer: RendererName, file: SlsFile): string {
  if (typeof value === 'string') return value;
  throw new RenderError(`the renderer '${renderer}' needs text, but the one before it made data`, {
    renderer,
    file: file.path,
  });
}
