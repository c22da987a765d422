import * as v from 'valibot';
import { errorLine, FleetError } from '../../shared/errors.ts';
import { eventStamp } from '../../shared/event_stamp.ts';
import { isDict } from '../../shared/python_text.ts';
import { type BeaconContext, defineBeacon } from '../beacon.ts';

const Item = v.union([v.string(), v.number()], 'must be all, or names or numbers of items');
const DEFAULT = { loadavg: ['all'], cpustats: ['all'], meminfo: ['all'], vmstats: ['all'], time: ['all'] };

export default defineBeacon({
  summary: 'Tells how the machine is, by functions of the ``status`` module.',
  description:
    'Each key is a function and its value what is wanted of it: ``all``, names of a mapping, numbers of a list. Without\n' +
    'any, loadavg, cpustats, meminfo, vmstats and time are told whole. The last part of the tag is the time.',
  config: v.record(v.pipe(v.string(), v.regex(/^[a-z_]+$/, 'must be a function')), v.union([v.array(Item), Item])),
  example: [{ loadavg: ['1-min', '5-min'] }, { time: ['all'] }, { interval: 60 }],
  data: { data: 'by function what it returned, or what was wanted of that' },
  async *watch(context, config) {
    const wanted = Object.keys(config).length === 0 ? DEFAULT : config;
    for await (const _ of context.ticks()) {
      const data: Record<string, unknown> = {};
      for (const [fun, items] of Object.entries(wanted)) data[fun] = await look(context, fun, [items].flat());
      yield { tag: eventStamp(context.clock.nowMs()), data: { data } };
    }
  },
});

/** One function that fails costs what it would have told, as in Salt, and the log says so. */
async function look({ call, log }: BeaconContext, fun: string, items: readonly unknown[]): Promise<unknown> {
  let value: unknown;
  try {
    value = await call(`status.${fun}`);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    log.warning('a status function failed', { fun, reason: errorLine(error) });
    return {};
  }
  if (items.includes('all')) return value;
  // A single value is its own item 0.
  if (!isDict(value) && !Array.isArray(value)) return value;
  const chosen: Record<string, unknown> = {};
  for (const item of items) {
    if (!Object.hasOwn(value, String(item))) return `Status beacon is incorrectly configured: '${String(item)}'`;
    chosen[String(item)] = (value as Readonly<Record<string, unknown>>)[String(item)];
  }
  return chosen;
}
