import { FleetError } from '../../shared/errors.ts';
import { callFunction, type ModuleSpec } from '../../shared/plugin/function.ts';

/** Calls a function of a module, a runner or the wheel through the gate that checks arguments. `fun` is `module.function`. */
export async function runFunction<Context>(
  context: Context,
  module: ModuleSpec<Context>,
  fun: string,
  args: readonly unknown[] = [],
  kwargs: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const spec = module.functions[fun.slice(fun.indexOf('.') + 1)];
  if (spec === undefined) throw new FleetError('FUNCTION_UNKNOWN', `'${fun}' is not available`);
  return callFunction(fun, spec, context, args, kwargs);
}
