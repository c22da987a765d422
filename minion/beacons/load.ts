import * as v from 'valibot';
import { Real } from '../../shared/plugin/args.ts';
import { defineBeacon } from '../beacon.ts';
import { columns, fileRoot } from '../lib/file_root.ts';

const Range = v.pipe(
  v.array(Real, 'must be two numbers, the lowest and the highest that are fine'),
  v.check((range) => range.length === 2, 'must be two numbers, the lowest and the highest that are fine'),
);
const AVERAGES = ['1m', '5m', '15m'] as const;

export default defineBeacon({
  summary: 'Tells when a load average leaves its range.',
  config: v.strictObject({
    averages: v.strictObject({ '1m': v.optional(Range), '5m': v.optional(Range), '15m': v.optional(Range) }),
  }),
  example: [{ averages: { '1m': [0, 2], '5m': [0, 1.5], '15m': [0.1, 1] } }, { onchangeonly: true }],
  data: { '1m': 'load average of one minute', '5m': 'of five minutes', '15m': 'of fifteen minutes' },
  unavailable: ({ root }) => (fileRoot(root).exists('/proc/loadavg') ? undefined : 'there is no /proc/loadavg'),
  async *watch({ root, ticks }, { averages }) {
    for await (const _ of ticks()) {
      const text = await fileRoot(root).read('/proc/loadavg');
      const [one, five, fifteen] = (columns(text)[0] ?? []).map(Number);
      const data = { '1m': one ?? 0, '5m': five ?? 0, '15m': fifteen ?? 0 };
      const outside = AVERAGES.flatMap((key) => side(data[key], averages[key], key));
      if (outside.length > 0) yield { data, state: outside.join() };
    }
  },
});

function side(value: number, range: readonly number[] | undefined, key: string): string[] {
  const [lowest = Number.NEGATIVE_INFINITY, highest = Number.POSITIVE_INFINITY] = range ?? [];
  if (value > highest) return [`${key} high`];
  return value < lowest ? [`${key} low`] : [];
}
