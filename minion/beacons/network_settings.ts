import * as v from 'valibot';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineBeacon } from '../beacon.ts';
import { NETWORK_ATTRIBUTES, readNetworkSettings } from '../lib/beacon/network_settings.ts';
import { fileRoot } from '../lib/file_root.ts';

const Attributes = v.record(
  v.picklist(NETWORK_ATTRIBUTES, `must be one of ${NETWORK_ATTRIBUTES.join(', ')}`),
  v.nullish(v.strictObject({ onvalue: v.unknown() })),
);

export default defineBeacon({
  summary: 'Tells when a setting of a network interface changes.',
  description:
    'An interface may be a glob such as ``eth*``. With ``onvalue`` only a change to that value is told. With ``coalesce``\n' +
    'all changes of one look are one event, with the tag ``result``.',
  config: v.strictObject({
    interfaces: v.record(v.string(), Attributes),
    coalesce: v.optional(v.boolean(), false),
  }),
  example: [{ interfaces: { 'eth*': { ipaddr: null, promiscuity: { onvalue: 1 } } } }, { interval: 5 }],
  data: {
    interface: 'its name',
    change: 'the settings that changed, with their values now',
    changes: 'with coalesce: by interface the settings that changed',
  },
  unavailable: ({ root }) => (fileRoot(root).exists('/sys/class/net') ? undefined : 'there is no /sys/class/net'),
  async *watch(context, { interfaces, coalesce }) {
    const rules = Object.entries(interfaces).map(([glob, wanted]) => ({ matches: globMatcher(glob), glob, wanted }));
    let before: ReturnType<typeof readNetworkSettings> | undefined;
    for await (const _ of context.ticks()) {
      const now = readNetworkSettings(fileRoot(context.root), context.interfaces());
      const changes: Record<string, Record<string, unknown>> = {};
      for (const [name, settings] of Object.entries(before === undefined ? {} : now)) {
        // A name that is written out goes before a glob.
        const rule = rules.find(({ glob }) => glob === name) ?? rules.find(({ matches }) => matches(name));
        const change = changeOf(before?.[name] ?? {}, settings, rule?.wanted ?? {});
        if (Object.keys(change).length > 0) changes[name] = change;
      }
      before = now;
      if (Object.keys(changes).length === 0) continue;
      if (coalesce) yield { tag: 'result', data: { changes } };
      else for (const [name, change] of Object.entries(changes)) yield { tag: name, data: { interface: name, change } };
    }
  },
});

type Settings = Readonly<Record<string, unknown>>;

function changeOf(before: Settings, now: Settings, wanted: v.InferOutput<typeof Attributes>): Record<string, unknown> {
  const changed = Object.entries(wanted).filter(([name, rule]) => {
    const value = JSON.stringify(now[name]);
    const isRight = rule?.onvalue === undefined || String(rule.onvalue) === String(now[name]);
    return value !== JSON.stringify(before[name]) && isRight;
  });
  return Object.fromEntries(changed.map(([name]) => [name, now[name] ?? null]));
}
