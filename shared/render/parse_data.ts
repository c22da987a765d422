import { loadJson } from './json/load_json.ts';
import { RenderError } from './render_error.ts';
import type { RendererName } from './render_pipe.ts';
import { saltContext } from './salt/salt_context.ts';
import { templateLineOf } from './template_line.ts';
import { OrderedDict } from './values/ordered_dict.ts';
import { PyError } from './values/py_error.ts';
import type { Value } from './values/py_object.ts';
import { isTrue } from './values/truth.ts';
import { loadYaml } from './yaml/load_yaml.ts';
import { loadYamlex } from './yaml/load_yamlex.ts';
import { YamlError } from './yaml/yaml_error.ts';
import { yamlHint } from './yaml/yaml_hint.ts';

/** Where a text came from: the file and what stood in it before it was a text of data. */
export interface DataSource {
  readonly path: string;
  readonly text: string;
}

/**
 * What a renderer of data makes of a text; nothing at all is an empty dict.
 * @throws RenderError
 */
export function parseData(renderer: Exclude<RendererName, 'jinja'>, text: string, source: DataSource): Value {
  if (renderer === 'text') return text;
  const value = renderer === 'json' ? parseJson(text, source) : parseYaml(renderer, text, source);
  return isTrue(value) ? value : new OrderedDict();
}

function parseJson(text: string, source: DataSource): Value {
  try {
    // A shebang is no JSON.
    return loadJson(text.replace(/^#![^\n]*\n/, ''));
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    throw new RenderError(`Invalid JSON: ${error.message}`, { renderer: 'json', file: source.path, cause: error });
  }
}

function parseYaml(renderer: 'yaml' | 'yamlex', text: string, source: DataSource): Value {
  try {
    return renderer === 'yaml' ? loadYaml(text, { ordered: true }) : loadYamlex(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const line = templateLineOf(source.text, text, error.place.line);
    throw new RenderError(saltMessage(error, text), {
      renderer,
      file: source.path,
      line,
      column: source.text === text ? error.place.column : undefined,
      excerpt: line === undefined ? saltContext(text, error.place.line) : saltContext(source.text, line),
      hint: yamlHint(error, (number) => templateLineOf(source.text, text, number)),
      cause: error,
    });
  }
}

/** Salt shows the lines that were to be read; for what the parser or the constructor refuses, PyYAML's own message. */
function saltMessage(error: YamlError, text: string): string {
  if (error.stage !== 'scanner') return error.message;
  const problem =
    error.problem === "found character '\\t' that cannot start any token" ? 'Illegal tab character' : error.problem;
  return `${problem}; line ${error.place.line}\n\n${saltContext(text, error.place.line)}`;
}
