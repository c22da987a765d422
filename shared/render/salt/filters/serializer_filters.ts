import { jsonText } from '../../jinja/json_text.ts';
import { TemplateModule } from '../../jinja/template_module.ts';
import { loadJson } from '../../json/load_json.ts';
import { Markup } from '../../values/markup.ts';
import { PyDict } from '../../values/py_dict.ts';
import { PyError } from '../../values/py_error.ts';
import { isInt } from '../../values/py_int.ts';
import type { Value } from '../../values/py_object.ts';
import { stripEnd, stripStart } from '../../values/py_space.ts';
import { isText, pyRepr, pyStr, textOf, typeName } from '../../values/text.ts';
import { isTrue } from '../../values/truth.ts';
import { Undefined } from '../../values/undefined.ts';
import { dumpYaml } from '../../yaml/dump_yaml.ts';
import { loadYaml } from '../../yaml/load_yaml.ts';
import { YamlError } from '../../yaml/yaml_error.ts';
import { yamlHint } from '../../yaml/yaml_hint.ts';
import { YamlWriter } from '../../yaml/yaml_writer.ts';
import { decodeBytes } from '../decode_bytes.ts';
import { dumpXml } from '../dump_xml.ts';
import { prettyPrint } from '../pprint.ts';
import { type NamedFilter, pureFilter } from '../pure_filter.ts';
import { saltContext } from '../salt_context.ts';

/** Values to text and back. */
export const serializerFilters: readonly NamedFilter[] = [
  pureFilter('yaml', ['value'], { flow_style: true }, (value, flow) => yamlText(value, flow)),
  pureFilter(
    'json',
    ['value'],
    { sort_keys: true, indent: null },
    (value, sortKeys, indent) =>
      new Markup(strip(jsonText(value, { ascii: false, sortKeys: isTrue(sortKeys), indent: indentText(indent) }))),
  ),
  pureFilter('xml', ['value'], {}, (value) => new Markup(dumpXml(value))),
  pureFilter('python', ['value'], {}, (value) => new Markup(strip(prettyPrint(value)))),
  pureFilter('load_yaml', ['value'], {}, (value) => readYaml(value)),
  pureFilter('load_json', ['value'], {}, (value) => readJson(value)),
  pureFilter('load_text', ['value'], {}, (value) => moduleText(value)),
  pureFilter('dict_to_sls_yaml_params', ['value'], { flow_style: false }, (value, flow) =>
    yamlText(singlePairs(value), flow),
  ),
  pureFilter('yaml_encode', ['data'], {}, (value) => yamlScalar(value)),
  pureFilter('yaml_dquote', ['text'], {}, (text) => doubleQuoted(pyStr(text))),
  pureFilter('yaml_squote', ['text'], {}, (text) => singleQuoted(pyStr(text))),
];

function strip(text: string): string {
  return stripEnd(stripStart(text));
}

function yamlText(value: Value, flow: Value): Markup {
  const text = strip(dumpYaml(value, { flow: flow === null ? null : isTrue(flow) }));
  return new Markup(text.replace(/\n\.\.\.$/, ''));
}

/** Python takes a number of spaces or the text itself. */
function indentText(indent: Value): string | undefined {
  if (indent === null) return undefined;
  if (isText(indent)) return textOf(indent);
  return ' '.repeat(isInt(indent) ? Math.max(0, Number(indent)) : 0);
}

/** What `import_*` hands over is a module; its text is what counts. */
function moduleText(value: Value): Value {
  return value instanceof TemplateModule ? pyStr(value) : value;
}

/** The file of an `import_*`; undefined for a text that the template has made. */
function fileOf(value: Value): string | undefined {
  return value instanceof TemplateModule ? value.name : undefined;
}

/** Characters of a text that a message quotes. */
const QUOTED_MAX = 200;

function shortened(text: string): string {
  return text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}...` : text;
}

function readYaml(value: Value): Value {
  const text = moduleText(value);
  if (text instanceof Undefined) text.fail();
  if (!isText(text)) throw new PyError('TemplateRuntimeError', `Unable to load yaml from ${pyStr(text)}`);
  try {
    return decodeBytes(loadYaml(textOf(text)));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const context = saltContext(error.source, error.place.line);
    const data = { text: error.source, ...error.place, file: fileOf(value) };
    const problem = `Encountered error loading yaml: ${error.problem}\n${context}`;
    throw new PyError('TemplateRuntimeError', problem, yamlHint(error), { cause: error, data });
  }
}

function readJson(value: Value): Value {
  const text = moduleText(value);
  try {
    if (isText(text)) return loadJson(textOf(text));
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    const [, line, column] = /line (\d+) column (\d+)/.exec(error.message) ?? [];
    const data = { text: pyStr(text), line: Number(line), column: Number(column), file: fileOf(value) };
    throw new PyError('TemplateRuntimeError', `Unable to load json from ${shortened(pyStr(text))}`, error.message, {
      data,
    });
  }
  throw new PyError('TemplateRuntimeError', `Unable to load json from ${pyStr(text)}`);
}

function singlePairs(value: Value): Value {
  if (!(value instanceof PyDict)) {
    throw new PyError('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
  }
  return [...value.entries()].map((pair) => new PyDict([pair]));
}

function yamlScalar(value: Value): string {
  if (typeof value === 'string') return doubleQuoted(value);
  const isCollection = typeof value === 'object' && value !== null && !isNumber(value);
  if (!isCollection) return dumpYaml(value).replace(/\n(?:\.\.\.\n)?$/, '');
  const problem = `yaml_encode() only works with YAML scalar data; failed for <class '${typeName(value)}'>`;
  throw new PyError('TypeError', problem, `the value is ${pyRepr(value)}`);
}

function isNumber(value: Value): boolean {
  return typeName(value) === 'float';
}

function doubleQuoted(text: string): string {
  const writer = new YamlWriter(Number.POSITIVE_INFINITY, { ascii: true });
  writer.doubleQuoted(text, false);
  return writer.text;
}

function singleQuoted(text: string): string {
  const writer = new YamlWriter(Number.POSITIVE_INFINITY);
  writer.singleQuoted(text, false);
  return writer.text;
}
