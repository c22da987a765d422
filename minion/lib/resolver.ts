import { lookup, lookupService } from 'node:dns/promises';

/** The names and addresses that the system knows. A lookup that fails has no answer; none of these throw. */
export interface Resolver {
  /** Of a name, IPv4 and IPv6. */
  addresses(name: string): Promise<readonly string[]>;
  /** The name of an address; undefined when it has none. */
  name(address: string): Promise<string | undefined>;
}

/** By the C library, so that nsswitch.conf counts. */
export const systemResolver: Resolver = {
  addresses: (name) =>
    lookup(name, { all: true }).then(
      (found) => found.map(({ address }) => address),
      () => [],
    ),
  name: (address) =>
    lookupService(address, 0).then(
      // Without a name the C library gives the address back.
      ({ hostname }) => (hostname === address ? undefined : hostname),
      () => undefined,
    ),
};
