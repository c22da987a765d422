import { join } from 'node:path';
import * as v from 'valibot';
import { AbsolutePath } from '../../shared/plugin/args.ts';
import { compileRegex } from '../../shared/target/regex.ts';
import { defineBeacon } from '../beacon.ts';
import { createFileTail } from '../lib/beacon/file_tail.ts';
import { createLineSplitter } from '../lib/beacon/line_splitter.ts';
import { Pattern } from '../lib/beacon/pattern.ts';

export default defineBeacon({
  summary: 'Tells new lines of a log file that match a regular expression.',
  description:
    'A pattern matches from the start of a line, as Python’s ``re.match`` does. The name under ``tags`` is the end of the\n' +
    'tag. The file may be rotated, cut, or come into being later.',
  config: v.strictObject({
    file: AbsolutePath,
    tags: v.record(v.string(), v.strictObject({ regex: Pattern })),
  }),
  example: [{ file: '/var/log/messages' }, { tags: { 'goodbye/world': { regex: '.*good-bye.*' } } }],
  data: { raw: 'the line', match: '`yes`', error: 'empty' },
  async *watch({ root, ticks }, { file, tags }) {
    const patterns = Object.entries(tags).map(([tag, { regex }]) => ({ tag, regex: compileRegex(regex) }));
    const tail = createFileTail(join(root, file));
    const splitter = createLineSplitter();
    let decoder = new TextDecoder();
    try {
      for await (const _ of ticks()) {
        for await (const { bytes, isFresh } of tail.read()) {
          const ended = isFresh ? splitter.rest() : [];
          if (isFresh) decoder = new TextDecoder();
          for (const raw of [...ended, ...splitter.push(decoder.decode(bytes, { stream: true }))]) {
            for (const { tag, regex } of patterns) {
              if (regex.matchesStart(raw)) yield { tag, data: { raw, match: 'yes', error: '' } };
            }
          }
        }
      }
    } finally {
      await tail.close();
    }
  },
});
