import type * as v from 'valibot';

/** A valibot schema in words: the reference says what the check does, because it reads the check. */

/** What valibot keeps of schemas and of the actions in their pipes. */
interface Part {
  readonly kind: string;
  readonly type: string;
  readonly message?: unknown;
  readonly requirement?: unknown;
  readonly expects?: string | null;
  readonly pipe?: readonly Part[];
  readonly wrapped?: Part;
  readonly item?: Part;
  readonly value?: Part;
  readonly literal?: unknown;
  readonly options?: readonly (Part | string)[];
  readonly entries?: Readonly<Record<string, Part>>;
  readonly class?: { readonly name: string };
  readonly default?: unknown;
}

export interface Field {
  readonly name: string;
  readonly text: string;
  /** What it means; empty when the name says it. */
  readonly meaning: string;
  readonly isRequired: boolean;
  /** Undefined when leaving it out means that it is not there. */
  readonly fallback: unknown;
}

export interface Shape {
  /** The tag that tells the variants of a message apart: `op = job`. */
  readonly title: string | undefined;
  readonly fields: readonly Field[];
  /** Members beyond these are kept. */
  readonly isOpen: boolean;
}

/** The fields of an object, or of each variant of it; nothing for a schema of another kind. */
export function shapesOf(schema: v.GenericSchema): readonly Shape[] {
  return shapes(schema as unknown as Part, undefined);
}

function shapes(part: Part, key: string | undefined): readonly Shape[] {
  if (part.type === 'variant') {
    const discriminator = (part as { key?: string }).key;
    return (part.options ?? []).flatMap((option) => shapes(option as Part, discriminator));
  }
  if (part.entries === undefined) return [];
  const tag = key === undefined ? undefined : part.entries[key];
  return [
    {
      title: tag === undefined ? undefined : `${key} = ${describe(tag).replace(/^one of /, '')}`,
      fields: Object.entries(part.entries).map(([name, entry]) => fieldOf(name, entry)),
      isOpen: part.type === 'loose_object',
    },
  ];
}

function fieldOf(name: string, entry: Part): Field {
  const isRequired = entry.type !== 'optional' && entry.type !== 'nullish';
  return {
    name,
    text: describe(entry),
    meaning: meaningOf(entry),
    isRequired,
    fallback: isRequired ? undefined : entry.default,
  };
}

/** The description that stands in a pipe, of the schema or of what it wraps. */
function meaningOf(part: Part): string {
  for (const action of part.pipe ?? []) {
    if (action.type === 'description') return (action as { description?: string }).description ?? '';
  }
  const inner = part.wrapped ?? part.pipe?.[0];
  return inner === undefined || inner === part ? '' : meaningOf(inner);
}

export function describeSchema(schema: v.GenericSchema): string {
  return describe(schema as unknown as Part);
}

function describe(part: Part): string {
  // A check with words of its own says it best, and says what the error says.
  const own = ownWords(part);
  if (own !== undefined) return own;
  if (part.pipe !== undefined) return describePipe(part.pipe);
  const writer = WRITERS[part.type];
  if (writer === undefined) throw new TypeError(`no words for a schema of type ${part.type}`);
  return writer(part);
}

function ownWords(part: Part): string | undefined {
  return typeof part.message === 'string' ? part.message.replace(/^must be /, '') : undefined;
}

function describePipe([first, ...rest]: readonly Part[]): string {
  const base = describe(first as Part);
  const limits = rest.map((part) => ownWords(part) ?? ACTIONS[part.type]?.(part) ?? '').filter((words) => words !== '');
  const named = limits.filter((words) => !words.startsWith('at '));
  // "a number, a whole number, 1 or more" would say the same twice.
  const head = named.length > 0 ? [] : [base];
  return [...new Set([...head, ...limits])].join(', ');
}

const ACTIONS: Readonly<Record<string, (part: Part) => string>> = {
  integer: () => 'a whole number',
  finite: () => '',
  transform: () => '',
  check: () => '',
  description: () => '',
  min_value: ({ requirement }) => `at least ${requirement}`,
  max_value: ({ requirement }) => `at most ${requirement}`,
  max_length: ({ requirement }) => `at most ${requirement} characters`,
};

const WRITERS: Readonly<Record<string, (part: Part) => string>> = {
  string: () => 'text',
  number: () => 'a number',
  boolean: () => 'true or false',
  unknown: () => 'any value',
  literal: ({ literal }) => JSON.stringify(literal),
  picklist: ({ options = [] }) => `one of ${options.map((option) => JSON.stringify(option)).join(', ')}`,
  array: ({ item }) => (item?.type === 'unknown' ? 'a list' : `a list of: ${describe(item as Part)}`),
  record: ({ value }) => (value?.type === 'unknown' ? 'a mapping' : `a mapping to: ${describe(value as Part)}`),
  object: ({ entries = {} }) => `an object of ${Object.keys(entries).join(', ')}`,
  strict_object: ({ entries = {} }) => `a mapping of ${Object.keys(entries).join(', ')}`,
  loose_object: ({ entries = {} }) => `an object of ${Object.keys(entries).join(', ')} and more`,
  instance: () => 'bytes',
  union: ({ options = [] }) => [...new Set(options.map((option) => describe(option as Part)))].join(' or '),
  optional: ({ wrapped }) => describe(wrapped as Part),
  nullish: ({ wrapped }) => describe(wrapped as Part),
  nullable: ({ wrapped }) => `${describe(wrapped as Part)}, or null`,
};
