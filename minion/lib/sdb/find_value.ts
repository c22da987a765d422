import { isDict } from '../../../shared/python_text.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import type { Profile, SdbDriver } from './driver.ts';
import { envDriver } from './env_driver.ts';
import { yamlDriver } from './yaml_driver.ts';

const drivers: Readonly<Record<string, SdbDriver>> = { env: envDriver, yaml: yamlDriver };

/** Where a URI of sdb leads to. */
export interface SdbPlace {
  readonly name: string;
  readonly key: string;
  readonly profile: Profile;
  readonly driver: SdbDriver;
}

/** `sdb://profile/key`; else why it is none. Throws COMMAND_FAILED for a driver that there is not. */
export function findPlace({ config, pillar }: MinionContext, uri: string): SdbPlace | { readonly reason: string } {
  if (!uri.startsWith('sdb://')) return { reason: 'SDB uri must start with "sdb://"' };
  const [, name = '', key = ''] = /^sdb:\/\/([^/]*)\/(.+)$/s.exec(uri) ?? [];
  if (key === '') return { reason: 'SDB uri must have a profile name as a first part of the uri before the /' };
  const profile = memberOf(config.sdb, name) ?? memberOf(pillar, name);
  if (profile === undefined || typeof profile.driver !== 'string') {
    return { reason: `SDB profile "${name}" wasnt found in the minion configuration` };
  }
  const driver = Object.hasOwn(drivers, profile.driver) ? drivers[profile.driver] : undefined;
  if (driver !== undefined) return { name, key, profile, driver };
  throw commandFailed(
    `sdb profile ${name}: there is no driver '${profile.driver}'`,
    `use ${Object.keys(drivers).join(' or ')}`,
  );
}

function memberOf(all: unknown, name: string): Profile | undefined {
  const value = isDict(all) && Object.hasOwn(all, name) ? all[name] : undefined;
  return isDict(value) ? value : undefined;
}
