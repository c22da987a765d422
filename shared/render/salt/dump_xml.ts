import { PyDict } from '../values/py_dict.ts';
import { PyError } from '../values/py_error.ts';
import { PyFloat } from '../values/py_float.ts';
import type { Value } from '../values/py_object.ts';
import { PyTuple } from '../values/py_tuple.ts';
import { isText, pyStr } from '../values/text.ts';

interface Element {
  readonly name: string;
  readonly attributes: [string, string][];
  readonly children: Element[];
  text: string | undefined;
}

/**
 * XML as Salt's `xml` filter writes it: scalars in a dict are attributes, lists and dicts are child elements.
 * @throws PyError TemplateRuntimeError when the value is neither a dict nor a list
 */
export function dumpXml(value: Value): string {
  const root: Element = { name: '', attributes: [], children: [], text: undefined };
  addElements(pairsOf(value), root);
  const [element] = root.children;
  if (element === undefined) throw new PyError('TemplateRuntimeError', 'There is no root element to render as XML');
  return `<?xml version="1.0" ?>\n${writeElement(element, '')}`;
}

function pairsOf(value: Value): [Value, Value][] {
  if (value instanceof PyDict) return [...value.entries()];
  if (!Array.isArray(value) && !(value instanceof PyTuple)) {
    throw new PyError('TemplateRuntimeError', 'Value is not a dict or list. Cannot render as XML');
  }
  const items = Array.isArray(value) ? value : value.items;
  return items.length === 2 && isText(items[0] as Value) ? [[items[0] as Value, items[1] as Value]] : [];
}

function addElements(pairs: readonly [Value, Value][], parent: Element): void {
  for (const [name, content] of pairs) {
    if (Array.isArray(content)) {
      for (const item of content) addElements([[name, item]], parent);
      continue;
    }
    const element: Element = { name: pyStr(name), attributes: [], children: [], text: undefined };
    parent.children.push(element);
    if (isScalar(content)) {
      element.text = pyStr(content);
      continue;
    }
    const members = pairsOf(content);
    for (const [key, member] of members) {
      if (!isNested(member)) element.attributes.push([pyStr(key), pyStr(member)]);
    }
    addElements(
      members.filter(([, member]) => isNested(member)),
      element,
    );
  }
}

function isScalar(value: Value): boolean {
  return isText(value) || typeof value === 'number' || typeof value === 'boolean' || value instanceof PyFloat;
}

function isNested(value: Value): boolean {
  return value instanceof PyDict || Array.isArray(value);
}

function writeElement({ name, attributes, children, text }: Element, indent: string): string {
  const head = `${name}${attributes.map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join('')}`;
  if (text !== undefined && text !== '') return `${indent}<${head}>${escapeXml(text)}</${name}>\n`;
  if (children.length === 0) return `${indent}<${head}/>\n`;
  const inside = children.map((child) => writeElement(child, `${indent} `)).join('');
  return `${indent}<${head}>\n${inside}${indent}</${name}>\n`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] as string);
}
