import * as v from 'valibot';
import { Count } from '../../shared/plugin/args.ts';
import { defineBeacon } from '../beacon.ts';
import { fileRoot } from '../lib/file_root.ts';
import { INTERFACE_COUNTERS, interfaceCounters } from '../lib/process/usage_counters.ts';

type Counter = keyof typeof INTERFACE_COUNTERS;
const NAMES = Object.keys(INTERFACE_COUNTERS) as Counter[];

const limits = Object.fromEntries(NAMES.map((name) => [name, v.optional(Count)])) as Record<
  Counter,
  v.OptionalSchema<typeof Count, undefined>
>;

export default defineBeacon({
  summary: 'Tells when a counter of a network interface reaches a number.',
  description: 'With ``type: greater`` a counter must be greater than its number; otherwise it must be equal to it.',
  config: v.strictObject({
    interfaces: v.record(
      v.string(),
      v.strictObject({
        type: v.optional(v.picklist(['equal', 'greater'], 'must be equal or greater'), 'equal'),
        ...limits,
      }),
    ),
  }),
  example: [{ interfaces: { eth0: { type: 'greater', bytes_sent: 100_000, errin: 100 } } }, { onchangeonly: true }],
  data: { interface: 'its name', network_info: `its counters: ${NAMES.join(', ')}` },
  unavailable: ({ root }) => (fileRoot(root).exists('/proc/net/dev') ? undefined : 'there is no /proc/net/dev'),
  async *watch({ root, ticks }, { interfaces }) {
    for await (const _ of ticks()) {
      const stats = await interfaceCounters(fileRoot(root));
      for (const [name, { type, ...wanted }] of Object.entries(interfaces)) {
        const counters = stats[name];
        if (counters === undefined) continue;
        const met = NAMES.filter((key) => isMet(counters[key] as number, wanted[key], type));
        if (met.length === 0) continue;
        yield { data: { interface: name, network_info: counters }, state: met.join(), about: name };
      }
    }
  },
});

function isMet(value: number, limit: number | undefined, type: 'equal' | 'greater'): boolean {
  if (limit === undefined) return false;
  return type === 'greater' ? value > limit : value === limit;
}
