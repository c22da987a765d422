import { type LogLevel, logLevels } from '../log.ts';
import { yamlOrText } from '../yaml_or_text.ts';

/** How one kind of configuration value is written and checked. */
export interface Format<T> {
  /** Completes "expected …" in an error and in the reference: `a whole number from 1 to 65535`. */
  readonly expects: string;
  readonly unit?: string;
  /** A path: `root_dir` is put before it. */
  readonly isPath?: true;
  /** The value as the program uses it, or undefined when it is not one. Reading a read value changes nothing. */
  read(value: unknown): T | undefined;
  /** What is wrong with a value that is none, where it is much and one thing in it is wrong; undefined: all of it. */
  fault?(value: unknown): string | undefined;
  /** What a text from the environment or a flag stands for, before `read`. */
  fromText(text: string): unknown;
}

const asIs = (text: string): unknown => text;

const asNumber = (text: string): unknown => (/^\s*[-+]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text);

/**
 * Flow YAML, as in the file: `{a: 1}`. A text that is none is not of the format, and the error that says so shows it.
 */
const asYaml = yamlOrText;

const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/** True or False. In the environment and in flags also yes, no, on, off, 1 and 0. */
export const flag: Format<boolean> = {
  expects: 'True or False',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (text) => FLAGS[text.trim().toLowerCase()] ?? text,
};

/** Text of at least one character. */
export const text: Format<string> = {
  expects: 'text',
  read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  fromText: asIs,
};

/** Text that may be empty. */
export const anyText: Format<string> = {
  expects: 'text',
  read: (value) => (typeof value === 'string' ? value : undefined),
  fromText: asIs,
};

export const path: Format<string> = { ...text, expects: 'a path', isPath: true };

/** Text of one shape; `expects` says which. */
export function textLike(pattern: RegExp, expects: string): Format<string> {
  return {
    expects,
    read: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined),
    fromText: asIs,
  };
}

/** A whole number within limits, both included. */
export function count(min: number, max: number = Number.MAX_SAFE_INTEGER): Format<number> {
  return {
    expects: `a whole number ${range(min, max)}`,
    read: (value) => (Number.isInteger(value) && within(value as number, min, max) ? (value as number) : undefined),
    fromText: asNumber,
  };
}

export const port = count(1, 65535);
/** 0: any that is free. */
export const listenPort = count(0, 65535);

/** Seconds, as a number or as text with a unit: `90`, `90s`, `5m`, `12h`, `7d`, `2w`. */
export function seconds(min: number, max: number = 10 * 366 * 86400): Format<number> {
  return quantity('seconds', { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }, min, max);
}

/** Milliseconds, as a number or as text with a unit: `1500`, `1500ms`, `2s`, `1m`. */
export function milliseconds(min: number, max: number = 86400_000): Format<number> {
  return quantity('milliseconds', { ms: 1, s: 1000, m: 60_000 }, min, max);
}

/** Bytes, as a number or as text with a unit: `262144`, `256KiB`, `64MiB`, `1GiB`. */
export function bytes(min: number, max: number = 2 ** 40): Format<number> {
  return quantity('bytes', { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }, min, max);
}

function quantity(unit: string, factors: Readonly<Record<string, number>>, min: number, max: number): Format<number> {
  const pattern = new RegExp(`^\\s*(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(factors).join('|')})\\s*$`);
  const parse = (value: unknown): unknown => {
    const match = typeof value === 'string' ? pattern.exec(value) : null;
    return match === null ? value : Number(match[1]) * (factors[match[2] as string] as number);
  };
  return {
    expects: `${unit} ${range(min, max)}, as a number or with a unit (${Object.keys(factors).join(', ')})`,
    unit,
    read(value) {
      const number = parse(value);
      return typeof number === 'number' && within(number, min, max) ? number : undefined;
    },
    fromText: asNumber,
  };
}

export function choice<const T extends string>(words: readonly T[]): Format<T> {
  return {
    expects: `one of ${words.join(', ')}`,
    read: (value) => words.find((word) => word === value),
    fromText: asIs,
  };
}

export const logLevel: Format<LogLevel> = choice(logLevels);

/** A list of texts. In the environment and in flags the items are separated by commas. */
export const textList: Format<readonly string[]> = {
  expects: 'a list of texts',
  read: (value) => (isTextList(value) ? value : undefined),
  fromText: (text) =>
    text.trim().startsWith('[')
      ? asYaml(text)
      : text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
};

export const pathList: Format<readonly string[]> = {
  ...textList,
  expects: 'a list of absolute paths',
  read: (value) => (textList.read(value)?.every((item) => item.startsWith('/')) ? (value as string[]) : undefined),
};

/** A mapping of any content. */
export const map: Format<Readonly<Record<string, unknown>>> = {
  expects: 'a mapping',
  read: (value) => (isMapping(value) ? value : undefined),
  fromText: asYaml,
};

/** A mapping whose values are all of one format. */
export function mapOf<T>(format: Format<T>): Format<Readonly<Record<string, T>>> {
  return {
    expects: `a mapping of names to ${format.expects}`,
    read(value) {
      if (!isMapping(value)) return undefined;
      const entries = Object.entries(value).map(([key, item]) => [key, format.read(item)] as const);
      if (entries.some(([, item]) => item === undefined)) return undefined;
      return Object.fromEntries(entries) as Record<string, T>;
    },
    fromText: asYaml,
  };
}

/** The format, or null for "none". */
export function nullable<T>(format: Format<T>): Format<T | null> {
  return {
    ...format,
    expects: `${format.expects}, or null`,
    read: (value) => (value === null ? null : format.read(value)),
    fromText: (text) => (/^(null|none|~)$/i.test(text.trim()) ? null : format.fromText(text)),
  };
}

/** A plain object, as YAML mappings become. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function within(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function range(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
}
