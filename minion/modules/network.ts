import type { ModuleSpec } from '../../shared/plugin/function.ts';
import { defineModule, type MinionContext } from '../context.ts';
import { addressFunctions } from '../lib/network/address_functions.ts';
import { interfaceFunctions } from '../lib/network/interface_functions.ts';
import { probeFunctions } from '../lib/network/probe_functions.ts';
import { renameFunctions } from '../lib/network/rename_host.ts';
import { ringBufferFunctions } from '../lib/network/ring_buffers.ts';
import { tableFunctions } from '../lib/network/table_functions.ts';
import { type Platform, systemPlatform } from '../lib/platform.ts';
import { type Resolver, systemResolver } from '../lib/resolver.ts';

/** The module over the given machine. */
export function networkModule(platform: () => Platform, resolver: Resolver): ModuleSpec<MinionContext> {
  return defineModule({
    summary: 'See the network of this machine, and try what can be reached from it.',
    functions: {
      ...addressFunctions,
      ...interfaceFunctions(platform, resolver),
      ...probeFunctions(resolver),
      ...tableFunctions,
      ...renameFunctions,
      ...ringBufferFunctions,
    },
  });
}

export default networkModule(systemPlatform, systemResolver);
