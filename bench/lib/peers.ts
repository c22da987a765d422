import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { units } from './measure.ts';
import { parseChecked } from './result.ts';

/** What somebody else was measured at, or says of itself, for a measure of one of our benchmarks. */
export interface PeerFigure {
  /** `Salt`. */
  readonly peer: string;
  readonly benchmark: string;
  /** As the measure of the benchmark. */
  readonly name: string;
  readonly minions?: number | undefined;
  readonly unit: (typeof units)[number];
  /** Missing where only a range is known. */
  readonly value?: number | undefined;
  readonly spread?: readonly [number, number] | undefined;
  readonly remark?: string | undefined;
}

export interface Peers {
  /** Who, and where the figures are from, in sentences. */
  readonly sources: Readonly<Record<string, string>>;
  readonly figures: readonly PeerFigure[];
}

/** Kept by hand. */
export const PEERS_FILE = 'docs/performance/peers.json';

const PeersInFile = v.strictObject({
  sources: v.record(v.string(), v.string()),
  figures: v.array(
    v.strictObject({
      peer: v.string(),
      benchmark: v.string(),
      name: v.string(),
      minions: v.optional(v.number()),
      unit: v.picklist(units),
      value: v.optional(v.number()),
      spread: v.optional(v.tuple([v.number(), v.number()])),
      remark: v.optional(v.string()),
    }),
  ),
});

/** Throws CONFIG_INVALID. */
export function readPeers(root: string): Peers {
  const peers = parseChecked(PEERS_FILE, readFileSync(join(root, PEERS_FILE), 'utf8'), PeersInFile);
  for (const { peer, name, value, spread } of peers.figures) {
    const where = `${PEERS_FILE}: ${peer}, ${name}`;
    if (!Object.hasOwn(peers.sources, peer)) throw new FleetError('CONFIG_INVALID', `${where}: no source`);
    if (value === undefined && spread === undefined) throw new FleetError('CONFIG_INVALID', `${where}: no figure`);
  }
  return peers;
}
