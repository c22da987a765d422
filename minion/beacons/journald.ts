import * as v from 'valibot';
import { isDict } from '../../shared/python_text.ts';
import { defineBeacon } from '../beacon.ts';
import { followLines } from '../lib/beacon/follow_lines.ts';
import { fileRoot } from '../lib/file_root.ts';

type Entry = Readonly<Record<string, unknown>>;

const Field = v.union([v.string(), v.number()], 'must be text or a number');

export default defineBeacon({
  summary: 'Tells new entries of the journal whose fields are those that are configured.',
  description: 'The name under ``services`` is the end of the tag. An entry must have all of its fields.',
  config: v.strictObject({
    services: v.record(v.string(), v.record(v.string(), Field)),
  }),
  example: [{ services: { sshd: { SYSLOG_IDENTIFIER: 'sshd', PRIORITY: 6 } } }],
  data: { MESSAGE: 'the text', '<FIELD>': 'every other field of the entry' },
  unavailable(context) {
    const files = fileRoot(context.root);
    if (!files.exists('/usr/bin/journalctl') && !files.exists('/bin/journalctl')) return 'there is no journalctl';
    return files.exists('/run/systemd/journal') ? undefined : 'journald does not run here';
  },
  async *watch(context, { services }) {
    const argv = ['journalctl', '--follow', '--lines=0', '--output=json', '--all', '--quiet'] as const;
    for await (const line of followLines(context, argv, 'stdout')) {
      const entry = parseEntry(line);
      if (entry === undefined) continue;
      for (const [name, fields] of Object.entries(services)) {
        const isWanted = Object.entries(fields).every(([key, value]) => String(entry[key]) === String(value));
        if (isWanted) yield { tag: name, data: entry };
      }
    }
  },
});

/** journald's numbers; journalctl writes every field as text. */
const NUMBERS = /^(PRIORITY|SYSLOG_FACILITY|SYSLOG_PID|ERRNO|CODE_LINE|_PID|_UID|_GID|_AUDIT_SESSION|_AUDIT_LOGINUID)$/;

function parseEntry(line: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    // A line that was cut because it was too long.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isDict(value)) return undefined;
  const fields = Object.entries(value).map(([key, field]) => [key, NUMBERS.test(key) ? Number(field) : asText(field)]);
  return Object.fromEntries(fields) as Entry;
}

/** What is not UTF-8 comes as a list of bytes. */
function asText(field: unknown): unknown {
  return Array.isArray(field) && field.every((byte) => typeof byte === 'number')
    ? Buffer.from(field).toString()
    : field;
}
