import * as v from 'valibot';
import { defineBeacon } from '../beacon.ts';

export default defineBeacon({
  summary: 'Tells at each interval that the minion lives.',
  description: "Brine's own. Who hears nothing for longer than the interval knows that something is wrong.",
  config: v.strictObject({}),
  example: [{ interval: 60 }],
  data: { count: 'how many there were since the beacon was started', interval_ms: 'time since the one before' },
  interval: 60,
  async *watch({ clock, ticks }) {
    let count = 0;
    let beforeMs: number | undefined;
    for await (const _ of ticks()) {
      const nowMs = clock.monotonicMs();
      yield { data: { count: ++count, interval_ms: beforeMs === undefined ? 0 : Math.round(nowMs - beforeMs) } };
      beforeMs = nowMs;
    }
  },
});
