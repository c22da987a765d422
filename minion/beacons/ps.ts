import * as v from 'valibot';
import { defineBeacon } from '../beacon.ts';
import { readProcessNames } from '../lib/beacon/process_names.ts';
import { fileRoot } from '../lib/file_root.ts';

export default defineBeacon({
  summary: 'Tells which processes run or do not, by name.',
  description: 'With ``running`` it is told that a process of that name runs, with ``stopped`` that none does.',
  config: v.strictObject({
    processes: v.record(v.string(), v.picklist(['running', 'stopped'], 'must be running or stopped')),
  }),
  example: [{ processes: { 'salt-master': 'running', mysql: 'stopped' } }, { onchangeonly: true }],
  data: { '<process>': '`Running` or `Stopped`' },
  unavailable: ({ root }) => (fileRoot(root).exists('/proc') ? undefined : 'there is no /proc'),
  async *watch({ root, ticks }, { processes }) {
    for await (const _ of ticks()) {
      const names = await readProcessNames(fileRoot(root));
      for (const [name, wanted] of Object.entries(processes)) {
        if (names.has(name) !== (wanted === 'running')) continue;
        yield { data: { [name]: wanted === 'running' ? 'Running' : 'Stopped' }, state: wanted, about: name };
      }
    }
  },
});
