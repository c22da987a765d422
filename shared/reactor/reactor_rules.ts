import { type Format, isMapping, seconds } from '../config/format.ts';
import { globMatcher } from '../target/glob.ts';

/** At most `count` events in `perMs` milliseconds; what is beyond is not reacted to, and counted. */
export interface RateLimit {
  readonly count: number;
  readonly perMs: number;
}

/** One rule of the reactor: the files for the events whose tag matches a glob. */
export interface ReactorRule {
  readonly tag: string;
  /** Absolute paths, globs of them, `salt://path?saltenv=env`. */
  readonly files: readonly string[];
  readonly rateLimit?: RateLimit | undefined;
  /** Milliseconds that a tag must have been quiet before its last event is reacted to. */
  readonly debounceMs?: number | undefined;
  matches(tag: string): boolean;
}

/** Longest debounce, seconds: an event that waits is read again after a restart, with all that came behind it. */
const DEBOUNCE_MAX = 3600;
const debounceFormat = seconds(0.1, DEBOUNCE_MAX);
const RATE_COUNT_MAX = 1_000_000;

/** The setting `reactor` in Salt's form (RCT-1): a list of mappings of one tag glob to its files. */
export const reactorRules: Format<readonly unknown[]> = {
  expects:
    "a list of '<tag glob>': [files], where a mapping {rate_limit: 10/1m, debounce: 30s} may stand beside the files",
  read: (value) => (Array.isArray(value) && value.every((item) => readRule(item) !== undefined) ? value : undefined),
  fromText: (given) => given,
};

/** The same for a minion, which has no files but its own. */
export const localReactorRules: Format<readonly unknown[]> = {
  ...reactorRules,
  expects: `${reactorRules.expects}; files are absolute paths`,
  read: (value) =>
    toRules(asList(value)).some(({ files }) => !files.every(isPath)) ? undefined : reactorRules.read(value),
};

/** The rules of a setting that `reactorRules` has read. */
export function toRules(setting: readonly unknown[]): ReactorRule[] {
  return setting.map(readRule).filter((rule) => rule !== undefined);
}

/** One rule, or undefined when it is none. */
export function readRule(value: unknown): ReactorRule | undefined {
  if (!isMapping(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0) return undefined;
  const [tag, given] = entry;
  const items = Array.isArray(given) ? given : [given];
  const files = items.filter((item) => typeof item === 'string');
  const limits = readLimits(items.filter((item) => typeof item !== 'string'));
  if (limits === undefined || files.length === 0 || !files.every(isReference)) return undefined;
  return { tag, files, ...limits, matches: globMatcher(tag) };
}

/** What may name reactor files: nothing that depends on where the master was started. */
function isReference(file: string): boolean {
  return isPath(file) || file.startsWith('salt://');
}

const isPath = (file: string): boolean => file.startsWith('/');
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function readLimits(items: readonly unknown[]): Pick<ReactorRule, 'rateLimit' | 'debounceMs'> | undefined {
  if (!items.every(isMapping)) return undefined;
  const { rate_limit: rate, debounce, ...unknown } = Object.assign({}, ...items) as Record<string, unknown>;
  if (Object.keys(unknown).length > 0) return undefined;
  const rateLimit = rate === undefined ? undefined : readRate(rate);
  const debounceSeconds = debounce === undefined ? undefined : debounceFormat.read(debounce);
  if ((rate !== undefined && rateLimit === undefined) || (debounce !== undefined && debounceSeconds === undefined)) {
    return undefined;
  }
  return {
    ...(rateLimit !== undefined && { rateLimit }),
    ...(debounceSeconds !== undefined && { debounceMs: debounceSeconds * 1000 }),
  };
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `10/1m`, `5/s`. */
function readRate(value: unknown): RateLimit | undefined {
  const match = typeof value === 'string' ? /^(\d{1,7})\s*\/\s*(\d{0,5})\s*([smh])$/.exec(value.trim()) : null;
  if (match === null) return undefined;
  const [, count, times, unit] = match;
  const perMs = Number(times === '' ? 1 : times) * (unitMs[unit as string] as number);
  return Number(count) >= 1 && Number(count) <= RATE_COUNT_MAX && perMs > 0
    ? { count: Number(count), perMs }
    : undefined;
}

/** A rule as it is listed: Salt's form. */
export function toSetting({ tag, files, rateLimit, debounceMs }: ReactorRule): Record<string, unknown> {
  const limits = {
    ...(rateLimit !== undefined && { rate_limit: `${rateLimit.count}/${rateLimit.perMs / 1000}s` }),
    ...(debounceMs !== undefined && { debounce: debounceMs / 1000 }),
  };
  return { [tag]: [...files, ...(Object.keys(limits).length > 0 ? [limits] : [])] };
}
