import { type Clock, nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import type { linkSettings } from '../link/link_settings.ts';
import { createConstrainedMinion } from './constrained_minion.ts';
import { type Declaration, declareAll, type Flashed } from './declare_all.ts';
import type { MinionKind } from './emulated_minion.ts';
import { createMemoryLedgers } from './memory_disk.ts';

export interface ConstrainedKindOptions {
  readonly ids: readonly string[];
  /** What they are flashed with: a directory for each below it. */
  readonly directory: string;
  /** `port` is not that of TLS. Undefined: what the master said when they were declared. */
  readonly link: Pick<
    ReturnType<typeof linkSettings>,
    'host' | 'keepaliveSeconds' | 'connectTimeoutMs' | 'reconnect'
  > & {
    readonly port: number | undefined;
  };
  readonly declaration: Declaration;
  /** Of all that is sent and received. */
  readonly qos: 0 | 1;
  /** Signatures of jobs are checked. */
  readonly verify: boolean;
  /** Gives what `key.add_constrained` answers. */
  readonly declare: (id: string, declaration: Declaration) => Promise<unknown>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Minions with a password and an HMAC key in place of a certificate, over TCP and in JSON. */
export function createConstrainedKind(options: ConstrainedKindOptions): MinionKind {
  const { ids, link, clock } = options;
  let flashed: ReadonlyMap<string, Flashed> = new Map();
  // A bit for each, where a device would keep the last few.
  const ledgerOf = createMemoryLedgers(ids.length, () => nowSeconds(clock));
  return {
    ids,
    async enrol(signal) {
      flashed = await declareAll({ ...options, signal });
    },
    async create(member) {
      const own = flashed.get(member.id);
      const port = link.port ?? own?.tcp_port;
      if (own === undefined) throw new FleetError('COMMAND_FAILED', `${member.id} is not declared`);
      if (port === undefined || port === null || port === 0) {
        throw new FleetError('CONFIG_INVALID', 'the master told no port of a listener without TLS', {
          hint: 'set tcp_interface and tcp_port in the configuration of the master, or name the port with --port',
        });
      }
      return createConstrainedMinion({
        ...options,
        ...member,
        link: { ...link, port },
        flashed: own,
        ledger: ledgerOf(member.index),
      });
    },
  };
}
