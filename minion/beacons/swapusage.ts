import * as v from 'valibot';
import { defineBeacon } from '../beacon.ts';
import { readMemory } from '../lib/beacon/memory.ts';
import { Percent, percentOf } from '../lib/beacon/threshold.ts';
import { fileRoot } from '../lib/file_root.ts';

export default defineBeacon({
  summary: 'Tells when more swap space is used than the limit.',
  config: v.strictObject({ percent: Percent }),
  example: [{ percent: '13%' }, { interval: 60 }],
  data: { swapusage: 'share of the swap space that is used, in percent' },
  unavailable: ({ root }) => (fileRoot(root).exists('/proc/meminfo') ? undefined : 'there is no /proc/meminfo'),
  async *watch({ root, ticks }, { percent }) {
    for await (const _ of ticks()) {
      const { SwapTotal = 0, SwapFree = 0 } = await readMemory(fileRoot(root));
      const swapusage = percentOf(SwapTotal - SwapFree, SwapTotal);
      if (swapusage >= percent) yield { data: { swapusage }, state: 'high' };
    }
  },
});
