import type { Value } from '../values/py_object.ts';
import { composeYaml } from './compose.ts';
import { constructYaml } from './construct.ts';
import { type ComposeLimits, loadLimits } from './load_limits.ts';

export interface LoadYamlOptions {
  /** Default: Salt's loader. `plain` is PyYAML's SafeLoader, but dates stay text there too. */
  readonly rules?: 'salt' | 'plain';
  /** Mappings become OrderedDicts, as in an SLS file, instead of dicts, as in the `load_yaml` tag. Default false. */
  readonly ordered?: boolean;
  readonly limits?: Partial<ComposeLimits>;
}

/**
 * The value of a YAML text with at most one document; None when it has none.
 * @throws YamlError
 */
export function loadYaml(text: string, { rules = 'salt', ordered = false, limits = {} }: LoadYamlOptions = {}): Value {
  const root = composeYaml(text, { ...loadLimits, ...limits });
  return root === undefined ? null : constructYaml(text, root, { rules, ordered });
}
