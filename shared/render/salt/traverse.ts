import { toList } from '../values/iteration.ts';
import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { isInt } from '../values/py_int.ts';
import type { Value } from '../values/py_object.ts';
import { isText, textOf } from '../values/text.ts';
import { loadYaml } from '../yaml/load_yaml.ts';
import { YamlError } from '../yaml/yaml_error.ts';

/**
 * The value at a path such as `a:b:0`, through dicts, lists by number, and dicts within lists by key; undefined when there is
 * none. The path may be a str, an int or a list of keys.
 */
export function traverse(data: Value, path: Value, delimiter: string): Value | undefined {
  const keys = isText(path) ? textOf(path).split(delimiter) : isInt(path) ? [path] : toList(path);
  let value: Value | undefined = data;
  for (const key of keys) {
    if (value === undefined) return undefined;
    value = Array.isArray(value) ? inList(value, key) : inDict(value, key);
  }
  return value;
}

function inList(list: readonly Value[], key: Value): Value | undefined {
  const index = asIndex(key);
  for (const item of list) {
    const found = item instanceof PyDict ? item.get(index ?? key) : undefined;
    if (found !== undefined) return found;
  }
  return index === undefined ? undefined : list.at(index);
}

function asIndex(key: Value): number | undefined {
  if (isText(key)) return /^\s*[-+]?\d+\s*$/.test(textOf(key)) ? Number(textOf(key)) : undefined;
  return isInt(key) ? Number(key) : undefined;
}

/** Keys that are numbers or booleans are found by their text. */
function inDict(value: Value, key: Value): Value | undefined {
  if (!(value instanceof PyDict)) return undefined;
  const found = value.get(key);
  return found !== undefined || !isText(key) ? found : inDictByMeaning(value, textOf(key));
}

function inDictByMeaning(dict: PyDict, key: string): Value | undefined {
  try {
    const meant = loadYaml(key);
    return Array.isArray(meant) || meant instanceof PyDict ? undefined : dict.get(meant);
  } catch (error) {
    if (error instanceof YamlError || error instanceof PyError) return undefined;
    throw error;
  }
}
