export interface ComposeLimits {
  /** Collections inside one another. */
  readonly depthMax: number;
  /** Nodes when every alias is counted as the tree it stands for. */
  readonly nodesMax: number;
}

/** Deep enough for what people write; ten thousand lines have some fifty thousand nodes, nested aliases reach half a million at once. */
export const loadLimits: ComposeLimits = { depthMax: 250, nodesMax: 500_000 };
