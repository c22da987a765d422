import { FleetError } from '../../../shared/errors.ts';
import type { MinionContext } from '../../context.ts';
import { busybox } from './busybox.ts';
import { type LocalAccounts, libuser } from './libuser.ts';
import type { AccountProvider } from './provider.ts';
import { shadowUtils } from './shadow_utils.ts';

const providers: readonly AccountProvider[] = [shadowUtils, busybox];

/** What changes users and groups here. Throws MODULE_UNAVAILABLE when there is nothing. */
export function accountProvider(context: MinionContext): AccountProvider {
  const found = providers.find((provider) => provider.runsHere(context));
  if (found === undefined) {
    throw new FleetError('MODULE_UNAVAILABLE', 'there is neither useradd nor busybox here', {
      hint: 'install the package shadow',
    });
  }
  return found;
}

/** Salt's `local`: whether it has to be an account of this machine, also under a name that a directory has. */
export function providerOf(context: MinionContext, local: boolean): LocalAccounts {
  return local ? libuser : accountProvider(context);
}

export function noAccountProvider(context: MinionContext): string | undefined {
  return providers.some((provider) => provider.runsHere(context)) ? undefined : 'there is neither useradd nor busybox';
}
