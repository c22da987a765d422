import { readMineFunctions } from '../data/mine_functions.ts';
import { isDict, pyStr } from '../python_text.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** A function with its arguments. An empty name: it is not known here which one it will be. */
export interface Call {
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Mapping;
}

/** Deeper than anybody means it. */
const DEPTH_MAX = 8;

/** What each execution function calls that is told what to call: at once, or when its time comes. */
const callers: Readonly<Record<string, (arg: readonly unknown[], kwarg: Mapping) => readonly Call[]>> = {
  'mine.send': ([name, ...arg], { name: named, mine_function: fun = name ?? named, ...kwarg }) => [
    call(fun, arg, kwarg),
  ],
  'mine.update': ([, given], { mine_functions: named = given }) =>
    isDict(named) ? readMineFunctions(named).map(({ fun, args, kwargs }) => call(fun, args, kwargs)) : [],
  'saltutil.mmodule': ([, fun, ...arg], { saltenv: _, fun: named, ...kwarg }) => [call(fun ?? named, arg, kwarg)],
  'schedule.add': (_arg, kwarg) => scheduled(kwarg),
  'schedule.modify': (_arg, kwarg) => scheduled(kwarg),
  'test.cross_test': ([fun, args], { func: named, args: given = args }) => [call(fun ?? named, given, {})],
  'test.try': ([fun], { module: named, return_try_exception: _, ...kwarg }) => [call(fun ?? named, [], kwarg)],
};

/** Their names. */
export const callerNames: readonly string[] = Object.keys(callers);

/**
 * The call, and all that it would have called by name: whoever may not call one of them may not call it. Salt asks for
 * the first alone, and `test.*` is then as strong as `cmd.run`.
 */
export function withNamedCalls(first: Call, depth = 0): readonly Call[] {
  if (!Object.hasOwn(callers, first.fun)) return [first];
  if (depth === DEPTH_MAX) return [first, call('', [], {})];
  const inner = callers[first.fun]?.(first.arg, first.kwarg) ?? [];
  return [first, ...inner.flatMap((one) => withNamedCalls(one, depth + 1))];
}

/** A job of a schedule has several names for each of its members: whichever counts, all are looked at. */
function scheduled(kwarg: Mapping): readonly Call[] {
  const given = (names: readonly string[], otherwise: unknown): readonly unknown[] => {
    const values = names.filter((name) => kwarg[name] !== undefined).map((name) => kwarg[name]);
    return values.length === 0 ? [otherwise] : values;
  };
  return given(['function', 'func', 'fun'], '').flatMap((fun) =>
    given(['job_args', 'args'], []).flatMap((arg) =>
      given(['job_kwargs', 'kwargs'], {}).map((kwargs) => call(fun, arg, kwargs)),
    ),
  );
}

function call(fun: unknown, arg: unknown, kwarg: unknown): Call {
  return { fun: fun === undefined ? '' : pyStr(fun), arg: [arg ?? []].flat(), kwarg: isDict(kwarg) ? kwarg : {} };
}
