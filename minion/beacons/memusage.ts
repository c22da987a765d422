import * as v from 'valibot';
import { defineBeacon } from '../beacon.ts';
import { readMemory } from '../lib/beacon/memory.ts';
import { Percent, percentOf } from '../lib/beacon/threshold.ts';
import { fileRoot } from '../lib/file_root.ts';

export default defineBeacon({
  summary: 'Tells when more memory is used than the limit.',
  config: v.strictObject({ percent: Percent }),
  example: [{ percent: '63%' }, { interval: 60 }],
  data: { memusage: 'share of the memory that is not available, in percent' },
  unavailable: ({ root }) => (fileRoot(root).exists('/proc/meminfo') ? undefined : 'there is no /proc/meminfo'),
  async *watch({ root, ticks }, { percent }) {
    for await (const _ of ticks()) {
      const { MemTotal = 0, MemAvailable, MemFree = 0 } = await readMemory(fileRoot(root));
      const memusage = percentOf(MemTotal - (MemAvailable ?? MemFree), MemTotal);
      if (memusage >= percent) yield { data: { memusage }, state: 'high' };
    }
  },
});
