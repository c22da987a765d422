export interface ComposeLimits {
  /** Collections inside one another. */
  readonly depthMax: number;
  /** Nodes when every alias is counted as the tree it stands for. */
  readonly nodesMax: number;
}

/** Deep enough for what people write; ten thousand lines have some fifty thousand nodes, nested aliases reach two million at once. */
export const loadLimits: ComposeLimits = { depthMax: 250, nodesMax: 2_000_000 };
