import { PyObject, type Value } from '../values/py_object.ts';
import { pyRepr } from '../values/text.ts';

/** What `import` gives: a template's exported names, and what it printed as its text. */
export class TemplateModule extends PyObject {
  readonly typeName = 'TemplateModule';
  readonly name: string;
  readonly #exports: ReadonlyMap<string, Value>;
  readonly #text: string;

  constructor(name: string, exports: ReadonlyMap<string, Value>, text: string) {
    super();
    this.name = name;
    this.#exports = exports;
    this.#text = text;
  }

  override get qualifiedName(): string {
    return 'jinja2.environment.TemplateModule';
  }

  override repr(): string {
    return `<TemplateModule ${pyRepr(this.name)}>`;
  }

  override str(): string {
    return this.#text;
  }

  override attr(name: string): Value | undefined {
    return this.#exports.get(name);
  }

  /** What it exports. */
  exportedNames(): Iterable<string> {
    return this.#exports.keys();
  }
}
