import { access } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../../shared/errors.ts';
import { AbsolutePath } from '../../shared/plugin/args.ts';
import { type BeaconTiming, defineBeacon } from '../beacon.ts';
import { timingKeys } from '../lib/beacon/beacon_settings.ts';
import { findServiceProvider } from '../lib/service/find_provider.ts';

export default defineBeacon({
  summary: 'Tells whether services run.',
  description:
    'Each service may have onchangeonly, emitatstartup and delay of its own. With ``uncleanshutdown``, the path of a pid\n' +
    'file, an event of a service that does not run says whether that file was left behind.',
  config: v.strictObject({
    services: v.record(
      v.string(),
      v.nullish(v.strictObject({ ...timingKeys, uncleanshutdown: v.optional(AbsolutePath) })),
    ),
  }),
  example: [{ services: { nginx: { onchangeonly: true, uncleanshutdown: '/run/nginx.pid' }, mysql: null } }],
  data: {
    service_name: 'the service',
    '<service>': '`running`, and `uncleanshutdown` where it is configured',
  },
  unavailable: (context) => (findServiceProvider(context) === undefined ? 'no init system found' : undefined),
  async *watch({ root, ticks, call }, { services }) {
    for await (const _ of ticks()) {
      for (const [name, options] of Object.entries(services)) {
        const { uncleanshutdown, ...timing } = options ?? {};
        const running = (await call('service.status', [name])) === true;
        const isChecked = uncleanshutdown !== undefined && !running;
        const status = { running, ...(isChecked && { uncleanshutdown: await exists(join(root, uncleanshutdown)) }) };
        yield {
          tag: name,
          data: { service_name: name, [name]: status },
          state: String(running),
          about: name,
          timing: given(timing),
        };
      }
    }
  },
});

/** What is left out is the beacon's. */
function given(timing: Readonly<Record<string, unknown>>): Partial<BeaconTiming> {
  return Object.fromEntries(Object.entries(timing).filter(([, value]) => value !== undefined));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
