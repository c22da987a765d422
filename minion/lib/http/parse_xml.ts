/** What stands between two tags of one element. */
export interface XmlElement {
  readonly name: string;
  /** Before its first child, as Python's `text`; null when there is nothing. */
  text: string | null;
  readonly children: XmlElement[];
}

/** The text is no XML, or more than is read here. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

const DEPTH_MAX = 200;
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * The root element. Attributes are skipped, names have no prefix, and entities of a DOCTYPE are not read. Throws
 * XmlError.
 */
export function parseXml(text: string): XmlElement {
  const document: XmlElement = { name: '', text: null, children: [] };
  const open: XmlElement[] = [document];
  let place = 0;
  while (place < text.length) {
    const current = open[open.length - 1] as XmlElement;
    const start = text.indexOf('<', place);
    addText(current, decodeEntities(text.slice(place, start < 0 ? text.length : start)));
    if (start < 0) break;
    const skipped = skipMarkup(text, start);
    if (skipped !== undefined) {
      addText(current, skipped.text);
      place = skipped.end;
      continue;
    }
    const end = endOfTag(text, start);
    readTag(text.slice(start + 1, end), open);
    place = end + 1;
  }
  const [root] = document.children;
  if (open.length > 1) throw new XmlError(`<${open.at(-1)?.name}> is not closed`);
  if (root === undefined || document.children.length > 1) throw new XmlError('there is not one root element');
  return root;
}

function addText(element: XmlElement, text: string): void {
  if (element.children.length === 0 && text !== '') element.text = (element.text ?? '') + text;
}

const kinds = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;

/** Comments, instructions, CDATA and the DOCTYPE. */
function skipMarkup(text: string, start: number): { readonly end: number; readonly text: string } | undefined {
  const kind = kinds.find(([opening]) => text.startsWith(opening, start));
  if (kind === undefined) return undefined;
  const [opening, closing] = kind;
  const end = text.indexOf(closing, start + opening.length);
  if (end < 0) throw new XmlError(`${opening} is not closed`);
  const content = text.slice(start + opening.length, end);
  if (opening === '<!' && content.includes('[')) throw new XmlError('a DOCTYPE with declarations is not read');
  return { end: end + closing.length, text: opening === '<![CDATA[' ? content : '' };
}

/** Values of attributes may have the sign. */
function endOfTag(text: string, start: number): number {
  let quote = '';
  for (let place = start + 1; place < text.length; place++) {
    const sign = text.charAt(place);
    if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === '>') return place;
  }
  throw new XmlError('a tag is not closed');
}

function readTag(tag: string, open: XmlElement[]): void {
  const name = /^\/?([^\s/<>"'=]+)/.exec(tag)?.[1];
  if (name === undefined) throw new XmlError('a tag has no name');
  const local = name.slice(name.indexOf(':') + 1);
  if (tag.startsWith('/')) {
    if (open.length < 2 || open.pop()?.name !== local) throw new XmlError(`</${name}> closes what is not open`);
    return;
  }
  const element: XmlElement = { name: local, text: null, children: [] };
  open.at(-1)?.children.push(element);
  if (tag.endsWith('/')) return;
  if (open.length > DEPTH_MAX) throw new XmlError(`elements are nested deeper than ${DEPTH_MAX}`);
  open.push(element);
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,32}));/g, (_whole, decimal, hex, name: string) => {
    if (name !== undefined) {
      if (Object.hasOwn(entities, name)) return entities[name] ?? '';
      throw new XmlError(`there is no entity '${name}'`);
    }
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (code > 0x10ffff) throw new XmlError('a character is out of range');
    return String.fromCodePoint(code);
  });
}

/** Salt's mapping of an element: what comes more than once in one place is a list. */
export function xmlToDict({ name, text, children }: XmlElement): Record<string, unknown> {
  if (children.length === 0) return { [name]: text };
  const found = new Map<string, unknown>();
  for (const child of children) {
    const before = found.get(child.name);
    if (!found.has(child.name)) found.set(child.name, child.children.length > 0 ? xmlToDict(child) : child.text);
    else if (Array.isArray(before)) before.push(xmlToDict(child));
    else found.set(child.name, [before, xmlToDict(child)]);
  }
  return Object.fromEntries(found);
}
