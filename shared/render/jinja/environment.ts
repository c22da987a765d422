import { randomInt } from 'node:crypto';
import { PyError } from '../values/py_error.ts';
import type { Value } from '../values/py_object.ts';
import { pyStr } from '../values/text.ts';
import { CallMemory, Suspension } from './call_memory.ts';
import { compileTemplate } from './compile_template.ts';
import { Context } from './context.ts';
import type { Filter, Test } from './filter_scope.ts';
import { BUILTIN_FILTERS } from './filters.ts';
import { BUILTIN_GLOBALS } from './globals.ts';
import { guarded } from './guard.ts';
import { normalizeSource, tokenize } from './lexer.ts';
import { Budget, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { Parser } from './parser.ts';
import { type Engine, RenderState } from './render_state.ts';
import type { Tag } from './tag.ts';
import type { Template } from './template.ts';
import { locate, type TemplateSource } from './template_error.ts';
import { BUILTIN_TESTS } from './tests.ts';
import { TokenStream } from './token_stream.ts';

/** How an environment is made. */
export interface EnvironmentOptions {
  /** Finds the template `name` that the template `from` asks for; undefined when there is none. */
  readonly loader?: (name: string, from: string) => TemplateSource | undefined;
  /** Added to, and in place of, the built-in ones. */
  readonly filters?: Iterable<readonly [string, Filter]>;
  readonly tests?: Iterable<readonly [string, Test]>;
  readonly globals?: Iterable<readonly [string, Value]>;
  readonly tags?: readonly Tag[];
  /** Variables that a template imported without context sees, over the globals: those that depend on the template itself. */
  readonly placeOf?: (template: TemplateSource) => Iterable<readonly [string, Value]>;
  readonly trimBlocks?: boolean;
  readonly lstripBlocks?: boolean;
  readonly keepTrailingNewline?: boolean;
  /** 'strict' (the default): using an undefined value is an error; 'default': it prints as nothing. */
  readonly undefined?: 'strict' | 'default';
  /** How a printed value becomes text; Python's `str` unless given. */
  readonly finalize?: (value: Value) => string;
  readonly limits?: Partial<Limits>;
  /** Milliseconds of a clock that never goes back, for the time limit. */
  readonly now?: () => number;
  /** Seed of the `random` filter, for the same choices in each render; another one each time unless given. */
  readonly seed?: number;
}

/** What to render: a template the loader finds by name, or a text with the name its errors use. */
export type RenderTarget = string | { readonly name: string; readonly source: string };

/** Variables of a render; a function makes them afresh for each pass, which asynchronous functions need. */
export type Variables = ReadonlyMap<string, Value>;

/** Renders templates; what it compiled it keeps, by name and content. */
export interface Environment {
  /** Renders with functions that answer at once. */
  readonly render: (target: RenderTarget, variables: Variables, globals?: Variables) => string;
  /** Renders with functions that may answer promises; `variables` is called for each pass and must give fresh values. */
  readonly renderAsync: (
    target: RenderTarget,
    variables: () => Variables,
    globals?: () => Variables,
  ) => Promise<string>;
  /** Parses and compiles a text, to find its syntax errors. */
  readonly compile: (target: { readonly name: string; readonly source: string }) => void;
}

// A tree of states has some hundred templates; beyond that the oldest goes.
const MAX_CACHED_TEMPLATES = 1000;

/** Makes an environment; templates run in a sandbox with no way to the host but the functions and values handed in. */
export function createEnvironment(options: EnvironmentOptions = {}): Environment {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const now = options.now ?? (() => Number(process.hrtime.bigint()) / 1e6);
  const load = createCompiler(options);
  const engine = createEngine(options, load);
  const start = (target: RenderTarget, variables: Variables, globals: Variables, state: RenderState): string => {
    const template = find(engine, load, target);
    template.render(state, new Context(template, new Map([...engine.globals, ...globals, ...variables])));
    guarded(state, template.source, () => state.budget.check(state.out));
    return state.out;
  };
  const newSeed = () => options.seed ?? randomInt(2 ** 32);
  const stateOf = (globals: Variables, seed: number, memory?: CallMemory) => {
    const known = new Map([...engine.globals, ...globals]);
    return new RenderState(engine, known, new Budget(limits, now), seededRandom(seed), memory);
  };
  return {
    render: (target, variables, globals = new Map()) => start(target, variables, globals, stateOf(globals, newSeed())),
    renderAsync: async (target, variables, globals = () => new Map()) => {
      const memory = new CallMemory();
      const seed = newSeed();
      while (true) {
        try {
          memory.rewind();
          const given = globals();
          return start(target, variables(), given, stateOf(given, seed, memory));
        } catch (error) {
          if (!(error instanceof Suspension)) throw error;
          await memory.settle(error.pending);
        }
      }
    },
    compile: ({ name, source }) => {
      load({ name, text: source, inline: true });
    },
  };
}

function find(engine: Engine, load: (source: TemplateSource) => Template, target: RenderTarget): Template {
  if (typeof target !== 'string') return load({ name: target.name, text: target.source, inline: true });
  const template = engine.find(target, '');
  if (template === undefined) throw new PyError('TemplateNotFound', target);
  return template;
}

function createEngine(options: EnvironmentOptions, load: (source: TemplateSource) => Template): Engine {
  return {
    filters: new Map([...BUILTIN_FILTERS, ...(options.filters ?? [])]),
    tests: new Map([...BUILTIN_TESTS, ...(options.tests ?? [])]),
    globals: new Map([...BUILTIN_GLOBALS, ...(options.globals ?? [])]),
    strict: options.undefined !== 'default',
    finalize: options.finalize ?? pyStr,
    placeOf: options.placeOf ?? (() => []),
    find: (name, from) => {
      const source = options.loader?.(name, from);
      return source && load(source);
    },
  };
}

/** Compiles a source, or answers the template compiled from the same name and text before. */
function createCompiler(options: EnvironmentOptions): (source: TemplateSource) => Template {
  const compiled = new Map<string, Template>();
  const filters = new Map([...BUILTIN_FILTERS, ...(options.filters ?? [])]);
  const tests = new Map([...BUILTIN_TESTS, ...(options.tests ?? [])]);
  const tags = new Map((options.tags ?? []).flatMap((tag) => tag.names.map((name) => [name, tag] as const)));
  const lexerOptions = {
    trimBlocks: options.trimBlocks ?? false,
    lstripBlocks: options.lstripBlocks ?? false,
    keepTrailingNewline: options.keepTrailingNewline ?? false,
  };
  return (given) => {
    const { asked = '', from = '' } = given.relative ?? {};
    const key = `${given.name}\0${asked}\0${from}\0${given.inline ?? false}\0${given.text}`;
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const source = { ...given, text: normalizeSource(given.text, lexerOptions.keepTrailingNewline) };
    const template = compileText(source, () => {
      const stream = new TokenStream(source, tokenize(source, lexerOptions));
      return compileTemplate(source, new Parser(stream, tags).parseTemplate(), { filters, tests });
    });
    const [oldest] = compiled.keys();
    if (compiled.size >= MAX_CACHED_TEMPLATES && oldest !== undefined) compiled.delete(oldest);
    compiled.set(key, template);
    return template;
  };
}

/** Parsing recurses with the template's nesting: too deep is the template's error, not ours. */
function compileText(source: TemplateSource, compile: () => Template): Template {
  try {
    return compile();
  } catch (error) {
    throw error instanceof RangeError ? locate(error, source, 0) : error;
  }
}

/** A small generator (mulberry32): `random` needs no secrecy, only the same numbers in every pass. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
