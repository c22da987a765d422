/** SVG as text. The same input gives the same bytes: coordinates have one decimal, attributes the order they came in. */

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `children` is SVG already: what comes from elsewhere goes through `escapeText` first. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(String(value))}"`);
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

export function label(content: string, x: number, y: number, kind = 'ink', anchor?: 'middle' | 'end'): string {
  return element('text', { class: kind, x, y, 'text-anchor': anchor }, escapeText(content));
}

export function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return element('path', {
    class: kind,
    d: `M${coordinate(x1)} ${coordinate(y1)}L${coordinate(x2)} ${coordinate(y2)}`,
  });
}

export function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no coordinate`);
  // Adding zero makes -0 a 0.
  return String(Math.round(value * 10) / 10 + 0);
}

/** For the inside of an element or an attribute. Characters that XML does not have become U+FFFD. */
export function escapeText(content: string): string {
  return content
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
