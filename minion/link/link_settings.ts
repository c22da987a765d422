import type { InfoPayload } from '../../shared/protocol/messages/job.ts';
import { VERSION } from '../../shared/version.ts';
import type { MinionConfig } from '../config.ts';

/** Until the broker answered. To wait costs a busy master nothing, to come again a handshake: see BACKLOG of its listeners. */
const CONNECT_TIMEOUT_MS = 60_000;

/** What the configuration says of the connection to the master. */
export function linkSettings(config: MinionConfig) {
  const { host, port } = masterAddress(config);
  return {
    host,
    port,
    pkiDir: config.pki_dir,
    masterFinger: config.master_finger,
    token: config.enroll_token ?? '',
    keepaliveSeconds: config.keepalive_seconds,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    acceptanceWaitMs: config.acceptance_wait_time * 1000,
    reconnect: { firstMs: config.recon_default, maxMs: config.recon_max },
  };
}

/** `host`, `host:port`, `[v6]:port`. */
export function masterAddress({ master, master_port }: Pick<MinionConfig, 'master' | 'master_port'>): {
  readonly host: string;
  readonly port: number;
} {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(master);
  return { host: match?.[1] ?? match?.[2] ?? master, port: match?.[3] === undefined ? master_port : Number(match[3]) };
}

/** How the master signs for a minion of this program; what comes otherwise is not taken. */
export const TAKEN = { enc: 'cbor', sig: 'ed25519' } as const;

/** What a minion of this program says that it can do. */
export function announcedInfo(): InfoPayload {
  return { v: 1, version: `brine ${VERSION}`, max_packet: 262_144, window: 16, ...TAKEN };
}
