/** What a broker is loaded with. */
export interface LoadSettings {
  /** `ca.pem`, `server.pem`, `server.key.pem`, `minion.key.pem`, and of each minion `<id>.pem`. */
  readonly folder: string;
  readonly tlsPort: number;
  readonly tcpPort: number;
  /** The broker's process. */
  readonly pid: number;
  /** Minions. */
  readonly publishers: number;
  /** Operators, each of whom gets every message. */
  readonly subscribers: number;
  readonly qos: 0 | 1;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

export interface LoadResult {
  /** Messages that arrived at a subscriber. */
  readonly perSecond: number;
  /** The broker's processor time for each of them, microseconds. */
  readonly brokerUs: number;
  /** Share of a processor that the load itself took: near 1, it is what was measured. */
  readonly loadShare: number;
  /** Messages that never arrived. */
  readonly missing: number;
}

/** Who may subscribe, by name and password. */
export const OPERATOR = { name: 'bench', password: 'bench' } as const;

export function minionName(index: number): string {
  return `m${index + 1}`;
}
