import { errorLine, FleetError } from '../shared/errors.ts';
import { HIDDEN } from '../shared/log.ts';
import { findInModule, splitFunctionName, whyMissing } from '../shared/plugin/find_in_module.ts';
import { type AnyFunction, bindArguments, type ModuleSpec } from '../shared/plugin/function.ts';
import type { PluginFolder } from '../shared/plugin/load_folder.ts';
import type { CallRequest, PartsReference } from '../shared/protocol/messages/operator.ts';
import type { MasterContext } from './context.ts';
import type { KeepCall } from './jobs/keep_call.ts';
import { cutLarge, type LargeAnswer } from './large_answer.ts';
import type { Permissions } from './permissions/permissions.ts';

export interface CallRunnerOptions {
  readonly context: (user: string, set: CallSettings) => MasterContext;
  readonly runners: PluginFolder<ModuleSpec<MasterContext>>;
  readonly wheel: PluginFolder<ModuleSpec<MasterContext>>;
  readonly newJid: () => string;
  /** Throws NOT_PERMITTED. */
  readonly permit: Permissions['check'];
  /** Of calls that nobody waits for. */
  readonly keep: KeepCall;
}

/** What a called function said of its own answer. */
export interface CallSettings {
  out: string | undefined;
  retcode: number | undefined;
  /** Where in the value large returns belong, which stay in the store. */
  readonly parts: PartsReference[];
}

export function newCallSettings(): CallSettings {
  return { out: undefined, retcode: undefined, parts: [] };
}

export interface CallResult extends Readonly<CallSettings> {
  readonly jid: string;
  readonly value: unknown;
  /** The same value, when no message carries it and somebody waits for it. */
  readonly large: LargeAnswer | undefined;
}

/**
 * Calls a runner or a wheel function in a user's name, with the events of Salt around it: the one door, whoever calls.
 * Throws FUNCTION_UNKNOWN and ARGS_INVALID before anything runs, then whatever the function throws. `began` is told in
 * between, and then nobody waits: the outcome is kept among the jobs.
 */
export type CallRunner = (
  user: string,
  request: CallRequest,
  jid?: string,
  began?: (jid: string) => void,
) => Promise<CallResult>;

export function createCallRunner(options: CallRunnerOptions): CallRunner {
  return async (user, { op, fun, arg, kwarg }, jid = options.newJid(), began) => {
    const settings = newCallSettings();
    const context = options.context(user, settings);
    const spec = await findFunction(op === 'runner' ? options.runners : options.wheel, op, fun);
    const { values, extra } = bindArguments(fun, spec, arg, kwarg);
    await options.permit(user, { op, fun, arg, kwarg, jid });
    const tag = `salt/${op === 'runner' ? 'run' : 'wheel'}/${jid}`;
    const about = { jid, fun: `${op}.${fun}`, fun_args: arg, user };
    const { bus } = context;
    const end = async (value: unknown, success: boolean): Promise<void> => {
      const data = { ...about, return: value, success };
      if (began === undefined) return bus.emit(`${tag}/ret`, data);
      const { out, retcode = success ? 0 : 1 } = settings;
      const call = { jid, fun: about.fun, user, arg, kwarg, value, out, retcode, success };
      await options.keep(call, bus.hold(`${tag}/ret`, data));
    };
    bus.emit(`${tag}/new`, about);
    began?.(jid);
    let value: unknown;
    try {
      value = await spec.run(context, values, extra);
    } catch (error) {
      await end(errorLine(error), false);
      throw error;
    }
    const large = began === undefined ? await cutLarge(value) : undefined;
    await end(spec.secret === true ? HIDDEN : (large?.text ?? value), true);
    return { jid, value, large, ...settings };
  };
}

/** Throws FUNCTION_UNKNOWN. */
export async function findFunction(
  folder: PluginFolder<ModuleSpec<MasterContext>>,
  op: string,
  fun: string,
): Promise<AnyFunction<MasterContext>> {
  const [name] = splitFunctionName(fun);
  const module = await folder.load(name);
  const spec = findInModule(fun, module);
  if (spec !== undefined) return spec;
  const { notYet, near } = whyMissing(fun, module, folder.names);
  const known =
    module === undefined
      ? `there are ${folder.names.join(', ')}`
      : `${name} has ${Object.keys(module.functions).join(', ')}`;
  const hint = notYet ?? (near === undefined ? known : `did you mean ${near}?`);
  throw new FleetError('FUNCTION_UNKNOWN', `${op} function '${fun}' is not available`, { hint });
}
