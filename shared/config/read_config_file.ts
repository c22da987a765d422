import { readFile } from 'node:fs/promises';
import {
  constructFromEvents,
  EVENT_DOCUMENT,
  EVENT_MAPPING,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  type Event,
  getScalarValue,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { FleetError, systemErrorCode } from '../errors.ts';
import { saltSchema } from '../salt_yaml.ts';
import { systemReason } from '../system_reason.ts';
import { isMapping } from './format.ts';

/** One key as a file, the environment or a flag gave it. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: unknown;
  /** For error texts: `/etc/salt/master:12`, `SALT_TIMEOUT`, `--timeout`. */
  readonly place: string;
}

/** No file yields no entries. Throws CONFIG_INVALID with line and column, FILE_UNREADABLE. */
export async function readConfigFile(file: string): Promise<ConfigEntry[]> {
  const source = await readSource(file);
  return source === undefined ? [] : parseConfig(source, file);
}

async function readSource(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileUnreadable(file, error);
  }
}

/** What kept a file from being read, as FILE_UNREADABLE. */
export function fileUnreadable(file: string, error: unknown): FleetError {
  return new FleetError('FILE_UNREADABLE', `${file}: cannot be read: ${systemReason(error)}`, { cause: error });
}

/** The top-level keys of a YAML text with their lines. Throws CONFIG_INVALID. */
function parseConfig(source: string, file: string): ConfigEntry[] {
  try {
    const events = parseEvents(source, {});
    if (events.filter((event) => event.type === EVENT_DOCUMENT).length > 1) {
      throw new FleetError('CONFIG_INVALID', `${file}: more than one YAML document`);
    }
    const lines = keyLines(events, source, file);
    const [document] = constructFromEvents(events, { source, schema: saltSchema });
    if (document === undefined || document === null) return [];
    if (!isMapping(document)) throw new FleetError('CONFIG_INVALID', `${file}: is not a mapping of keys to values`);
    return Object.entries(document).map(([key, value]) => {
      const line = lines.get(key);
      return { key, value, place: line === undefined ? file : `${file}:${line}` };
    });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = error.mark === undefined ? '' : `:${error.mark.line + 1}:${error.mark.column + 1}`;
    throw new FleetError('CONFIG_INVALID', `${file}${at}: not valid YAML: ${error.reason}`, { cause: error });
  }
}

/** Line numbers of the top-level keys, from 1. Throws CONFIG_INVALID for a key that stands twice. */
function keyLines(events: readonly Event[], source: string, file: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  if (events[1]?.type !== EVENT_MAPPING) return lines;
  let depth = 0;
  let isKey = true;
  for (const event of events) {
    if (event.type === EVENT_POP) depth -= 1;
    // Depth 1 is inside the document, depth 2 inside its mapping, where keys and values alternate.
    else if (depth === 2) {
      if (isKey && event.type === EVENT_SCALAR) {
        const key = getScalarValue(source, event);
        const line = source.slice(0, event.valueStart).split('\n').length;
        const first = lines.get(key);
        if (first !== undefined) {
          throw new FleetError(
            'CONFIG_INVALID',
            `${file}:${line}: key '${key}' is given twice, first in line ${first}`,
          );
        }
        lines.set(key, line);
      }
      isKey = !isKey;
    }
    if (event.type === EVENT_DOCUMENT || event.type === EVENT_MAPPING || event.type === EVENT_SEQUENCE) depth += 1;
  }
  return lines;
}
