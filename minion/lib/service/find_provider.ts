import type { MinionContext } from '../../context.ts';
import { openrc } from './openrc.ts';
import { procd } from './procd.ts';
import type { ServiceProvider } from './provider.ts';
import { systemd } from './systemd.ts';
import { sysv } from './sysv.ts';

/** The surest sign first: init scripts are also there where something else runs them. */
const providers: readonly ServiceProvider[] = [systemd, procd, openrc, sysv];

/** What runs services here; undefined when nothing that is known does. */
export function findServiceProvider(context: MinionContext): ServiceProvider | undefined {
  return providers.find((provider) => provider.runsHere(context));
}
