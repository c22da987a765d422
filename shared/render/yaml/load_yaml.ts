import type { Value } from '../values/py_object.ts';
import { type ComposeLimits, composeYaml } from './compose.ts';
import { constructYaml } from './construct.ts';

export interface LoadYamlOptions {
  /** Default: Salt's loader. `plain` is PyYAML's SafeLoader, but dates stay text there too. */
  readonly rules?: 'salt' | 'plain';
  /** Mappings become OrderedDicts, as in an SLS file, instead of dicts, as in the `load_yaml` tag. Default false. */
  readonly ordered?: boolean;
  readonly limits?: Partial<ComposeLimits>;
}

/** Deep enough for what people write; far from the end of the stack. */
const DEPTH_MAX = 250;

/** Ten thousand lines have some fifty thousand nodes; nested aliases ("billion laughs") reach this at once. */
const NODES_MAX = 2_000_000;

/**
 * The value of a YAML text with at most one document; None when it has none.
 * @throws YamlError
 */
export function loadYaml(text: string, { rules = 'salt', ordered = false, limits = {} }: LoadYamlOptions = {}): Value {
  const root = composeYaml(text, { depthMax: DEPTH_MAX, nodesMax: NODES_MAX, ...limits });
  return root === undefined ? null : constructYaml(text, root, { rules, ordered });
}
