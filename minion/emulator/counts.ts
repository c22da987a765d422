/** What an emulated fleet did since it started. */
export interface EmulatorCounts {
  /** Connections made, the first ones included. */
  connects: number;
  /** Returns that the master acknowledged. */
  returns: number;
  /** Returns that were lost on purpose, or that a silent minion kept to itself. */
  withheld: number;
  /** Returns in the name of another minion, of which the master takes none. */
  forged: number;
  /** Events that the master acknowledged. */
  events: number;
}

export function noCounts(): EmulatorCounts {
  return { connects: 0, returns: 0, withheld: 0, forged: 0, events: 0 };
}
