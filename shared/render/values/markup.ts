import { PyObject } from './py_object.ts';
import { textRepr } from './scalar_repr.ts';

/** Text that is safe to print in HTML: what `escape` and `safe` answer; everywhere else it behaves as a str. */
export class Markup extends PyObject {
  readonly typeName = 'Markup';
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override get qualifiedName(): string {
    return 'markupsafe.Markup';
  }

  override repr(): string {
    return `Markup(${textRepr(this.text)})`;
  }

  override str(): string {
    return this.text;
  }

  override isTrue(): boolean {
    return this.text !== '';
  }

  override equals(other: unknown): boolean {
    return this.text === (other instanceof Markup ? other.text : other);
  }

  override hashKey(): unknown {
    return this.text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

/** HTML escaping as MarkupSafe does it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => ENTITIES[character] ?? character);
}
