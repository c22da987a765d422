import * as v from 'valibot';
import { Flag } from '../../shared/plugin/args.ts';
import { type BeaconContext, defineBeacon } from '../beacon.ts';
import { findPkgProvider } from '../lib/pkg/find_provider.ts';

type Status = 'installed' | 'upgrade' | 'not-installed';

export default defineBeacon({
  summary: 'Tells when packages are installed, removed, or can be upgraded.',
  description: 'The first look only learns how things are. With ``refresh`` each look fetches the package lists first.',
  config: v.strictObject({
    pkgs: v.array(v.string(), 'must be a list of packages'),
    refresh: v.optional(Flag, false),
  }),
  example: [{ pkgs: ['zsh', 'apache2'] }, { refresh: true }, { interval: 3600 }],
  data: {
    pkg: 'the package',
    version: 'the version that can be had, or the one that is installed, or null',
    status: '`installed`, `upgrade` or `not-installed`',
  },
  // Each look starts processes for each package, and package lists do not change every second.
  interval: 60,
  unavailable: (context) =>
    findPkgProvider(context) === undefined ? 'there is no package manager that is known' : undefined,
  async *watch(context, { pkgs, refresh }) {
    const known = new Map<string, Status>();
    for await (const _ of context.ticks()) {
      let isToRefresh = refresh;
      for (const pkg of pkgs) {
        const { status, version } = await look(context, pkg, isToRefresh);
        // One look fetches the package lists once.
        if (status !== 'not-installed') isToRefresh = false;
        const before = known.get(pkg);
        known.set(pkg, status);
        if (before !== undefined && before !== status) yield { data: { pkg, version, status } };
      }
    }
  },
});

async function look(
  { call }: BeaconContext,
  pkg: string,
  refresh: boolean,
): Promise<{ readonly status: Status; readonly version: string | null }> {
  const installed = String((await call('pkg.version', [pkg])) ?? '');
  if (installed === '') return { status: 'not-installed', version: null };
  const latest = String((await call('pkg.latest_version', [pkg], { refresh })) ?? '');
  return latest === '' ? { status: 'installed', version: installed } : { status: 'upgrade', version: latest };
}
