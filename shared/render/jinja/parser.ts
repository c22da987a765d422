import { pyRepr } from '../values/text.ts';
import type { DataNode, Expression, Statement } from './nodes.ts';
import { parseTuple } from './parse_expression.ts';
import { STATEMENTS } from './parse_statement.ts';
import { suggest } from './suggest.ts';
import type { Tag } from './tag.ts';
import { placeOf } from './template_error.ts';
import type { TokenStream } from './token_stream.ts';

/** Reads the statements of one template; tags of extensions get it to read their own. */
export class Parser {
  readonly stream: TokenStream;
  readonly #tags: ReadonlyMap<string, Tag>;
  readonly #openTags: { readonly name: string; readonly at: number }[] = [];
  readonly #awaited: (readonly string[])[] = [];

  constructor(stream: TokenStream, tags: ReadonlyMap<string, Tag>) {
    this.stream = stream;
    this.#tags = tags;
  }

  /** The whole template. */
  parseTemplate(): Statement[] {
    return this.#parseUntil(undefined);
  }

  /** Reads `%}` and statements up to one of the end words, which is left under the cursor. */
  parseBody(...endWords: readonly string[]): Statement[] {
    this.stream.skipIf(':');
    this.stream.expect('block_end');
    const body = this.#parseUntil(endWords);
    if (this.stream.is('eof')) this.#failUnclosed([...this.#awaited, endWords]);
    return body;
  }

  /** As parseBody, and steps over the end word. */
  parseBodyAndEnd(...endWords: readonly string[]): Statement[] {
    const body = this.parseBody(...endWords);
    this.stream.next();
    return body;
  }

  #parseUntil(endWords: readonly string[] | undefined): Statement[] {
    const { stream } = this;
    const body: Statement[] = [];
    let output: (Expression | DataNode)[] = [];
    const flush = () => {
      const [first] = output;
      if (first !== undefined) body.push({ type: 'Output', items: output, at: first.at });
      output = [];
    };
    if (endWords !== undefined) this.#awaited.push(endWords);
    while (!stream.is('eof')) {
      const token = stream.next();
      if (token.type === 'data') {
        output.push({ type: 'Data', text: token.text, at: token.at });
      } else if (token.type === 'variable_begin') {
        output.push(parseTuple(stream));
        stream.expect('variable_end');
      } else {
        flush();
        if (endWords !== undefined && stream.isWord(...endWords)) break;
        body.push(...this.#parseStatement());
        stream.expect('block_end');
      }
    }
    flush();
    if (endWords !== undefined) this.#awaited.pop();
    return body;
  }

  #parseStatement(): Statement[] {
    const token = this.stream.current;
    if (token.type !== 'name') this.stream.fail('tag name expected', token.at);
    const builtIn = STATEMENTS.get(token.text);
    const tag = this.#tags.get(token.text);
    if (builtIn === undefined && tag === undefined) this.#failUnknown(token.text, token.at);
    this.#openTags.push({ name: token.text, at: token.at });
    const statements = builtIn !== undefined ? [builtIn(this)] : (tag?.parse(this) ?? []);
    this.#openTags.pop();
    return statements;
  }

  #failUnknown(name: string, at: number): never {
    const message = [`Encountered unknown tag ${pyRepr(name)}.`, ...this.#lookingFor(this.#awaited, name)];
    const known = [...STATEMENTS.keys(), ...this.#tags.keys(), ...(this.#awaited.at(-1) ?? [])];
    this.stream.fail(message.join(' '), at, suggest(name, known) ?? this.#openLine());
  }

  #failUnclosed(awaited: readonly (readonly string[])[]): never {
    const message = ['Unexpected end of template.', ...this.#lookingFor(awaited, undefined)].join(' ');
    this.stream.fail(message, undefined, this.#openLine());
  }

  /** Where the block begins that is not closed. */
  #openLine(): string | undefined {
    const open = this.#openTags.at(-1);
    return open && `'${open.name}' begins in line ${placeOf(this.stream.source, open.at).line}`;
  }

  #lookingFor(awaited: readonly (readonly string[])[], name: string | undefined): string[] {
    const parts: string[] = [];
    const innermost = awaited.at(-1);
    if (innermost !== undefined) {
      const looking = innermost.map((word) => pyRepr(word)).join(' or ');
      parts.push(
        name !== undefined && awaited.some((words) => words.includes(name))
          ? `You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${looking}.`
          : `Jinja was looking for the following tags: ${looking}.`,
      );
    }
    const open = this.#openTags.at(-1)?.name;
    if (open !== undefined) parts.push(`The innermost block that needs to be closed is ${pyRepr(open)}.`);
    return parts;
  }
}
