/** Salt's level names, least to most severe (ARC-9). */
export const logLevels = [
  'all',
  'garbage',
  'trace',
  'debug',
  'profile',
  'info',
  'warning',
  'error',
  'critical',
  'quiet',
] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** True when a line of this level would be written: ask before building costly fields. */
  writes(level: LogLevel): boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger;
}

export interface LogSink {
  readonly level: LogLevel;
  /** One line, without its line feed. */
  write(line: string): void;
  readonly format: 'text' | 'json';
}

const SECRET_NAME =
  /passw|passphrase|passcode|(^|_)pass$|bindpw$|secret|token|private|(^|_)priv(_?key)?$|credential|^key$|[-_]key$|apikey|^(proxy-)?authorization$|^cookie$/i;

/** What stands for a secret where others look on. */
export const HIDDEN = '**********';

/** What is called so is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A secret, hidden; what tells nothing stays: empty text, None, True and False. */
export function hideValue(value: unknown): unknown {
  const tells = value !== null && value !== undefined && value !== '' && typeof value !== 'boolean';
  return tells ? HIDDEN : value;
}

/**
 * The same value with every secret-looking member hidden: for logs, job lists and events (CVE-2021-25284,
 * CVE-2015-6918).
 */
export function redact(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (depth > 16) return '…';
  if (Array.isArray(value)) {
    return value.map((item) => (typeof item === 'string' ? hideHeader(item) : redact(item, depth + 1)));
  }
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    result[key] = isSecretName(key) ? hideValue(item) : redact(item, depth + 1);
  }
  return result;
}

/** In a list of headers of HTTP the name stands before the value. */
function hideHeader(text: string): string {
  const name = /^([A-Za-z][\w-]*):\s*\S/.exec(text)?.[1];
  return name !== undefined && isSecretName(name) ? `${name}: ${HIDDEN}` : text;
}

/** Writes to each sink that wants the level. Text is for people, JSON lines are for machines. */
export function createLogger(sinks: readonly LogSink[], nowMs: () => number, bound: LogFields = {}): Logger {
  const rank = (level: LogLevel): number => logLevels.indexOf(level);
  const lowest = Math.min(...sinks.map((sink) => rank(sink.level)), logLevels.length - 1);
  const log = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (rank(level) < lowest) return;
    const all = redact({ ...bound, ...fields }) as LogFields;
    for (const sink of sinks) {
      if (rank(level) >= rank(sink.level)) sink.write(formatLine(sink.format, level, nowMs(), message, all));
    }
  };
  return {
    writes: (level) => rank(level) >= lowest,
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warning: (message, fields) => log('warning', message, fields),
    error: (message, fields) => log('error', message, fields),
    // A spread of two takes V8 ten times as long, and each job has a logger of its own.
    child: (fields) => createLogger(sinks, nowMs, Object.assign({}, bound, fields)),
  };
}

function formatLine(
  format: 'text' | 'json',
  level: LogLevel,
  nowMs: number,
  message: string,
  fields: LogFields,
): string {
  const time = new Date(nowMs).toISOString();
  if (format === 'json') return JSON.stringify({ ...fields, ...renamed(fields), time, level, message });
  // As in JSON: what is not known is left out.
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  const tail = known.map(([key, value]) => ` ${plain(key)}=${plain(value)}`);
  return `${time.slice(0, 19).replace('T', ' ')} [${level.toUpperCase().padEnd(8)}] ${plain(message)}${tail.join('')}`;
}

/** A field must not take the place of what every line has. */
function renamed(fields: LogFields): LogFields {
  const taken = ['time', 'level', 'message'].filter((key) => key in fields);
  return Object.fromEntries(taken.map((key) => [`${key}_`, fields[key]]));
}

/** Control characters from a peer must not reach a terminal (OUT-6), nor what turns the direction of writing. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ');
}

/** For code that is run without anybody to tell. */
export const silentLogger: Logger = createLogger([], () => 0);
