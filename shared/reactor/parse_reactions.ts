import * as v from 'valibot';
import { errorLine, FleetError } from '../errors.ts';
import { Args, FunctionName, Kwargs } from '../protocol/fields.ts';
import { JobRequest } from '../protocol/messages/operator.ts';
import { isDict } from '../python_text.ts';
import { nearest } from '../suggest.ts';
import {
  type FunctionCall,
  type Reaction,
  type ReactionKind,
  type ReactionProblem,
  reactionKinds,
} from './reaction.ts';

export interface ParsedReactions {
  readonly reactions: readonly Reaction[];
  readonly problems: readonly ReactionProblem[];
}

/** Salt's older word for `local`. */
const aliases: Readonly<Record<string, ReactionKind>> = { cmd: 'local' };

/** What the parameters of `local` are: those of Salt's cmd_async, and our own. */
const jobParameters = [
  'tgt',
  'tgt_type',
  'timeout',
  'ret',
  'ret_config',
  'ret_kwargs',
  'metadata',
  'queue_for',
  'run_timeout',
  'subset',
  'quorum',
] as const;
const seconds = new Set(['timeout', 'queue_for', 'run_timeout']);

/** Parameters of Salt with nothing behind them here. */
const refused: Readonly<Record<string, string>> = {
  jid: 'the master gives job ids itself',
  user: 'a reaction runs in the name of Reactor',
  expr_form: 'it is called tgt_type',
};

/** The parameters of a reaction in the order of the file: Salt's list of single mappings as one. */
type Parameters = Readonly<Record<string, unknown>>;

/**
 * The reactions of one rendered reactor file, in the new format (`args:`) and the older one (`arg:`, `kwarg:`, bare
 * parameters) of Salt (RCT-4). What is wrong with one id is reported and leaves the others alone.
 */
export function parseReactions(data: unknown, file: string): ParsedReactions {
  if (!isDict(data)) {
    return { reactions: [], problems: [{ file, message: 'a reactor file must be a mapping of ids to reactions' }] };
  }
  const reactions: Reaction[] = [];
  const problems: ReactionProblem[] = [];
  for (const [id, body] of Object.entries(data)) {
    try {
      reactions.push(...parseId(id, body, file));
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      problems.push({ file, id, message: errorLine(error) });
    }
  }
  return { reactions, problems };
}

function parseId(id: string, body: unknown, file: string): Reaction[] {
  if (id === 'include' || id === 'extend' || id === 'exclude') {
    throw invalid(`'${id}' is for state files`, 'list several files in the rule of the reactor instead');
  }
  const calls = typeof body === 'string' ? { [body]: [] } : body;
  if (!isDict(calls) || Object.keys(calls).length === 0) {
    throw invalid('it calls nothing', 'write a mapping such as `local.test.ping: [{tgt: m1}]` below the id');
  }
  return Object.entries(calls).map(([name, value]) => parseCall(id, name, value, file));
}

function parseCall(id: string, name: string, value: unknown, file: string): Reaction {
  const [word = '', ...rest] = name.split('.');
  const kind = aliases[word] ?? reactionKinds.find((known) => known === word);
  if (kind === undefined) {
    throw invalid(`'${name}' begins with none of ${reactionKinds.join(', ')}`, 'write for example local.state.apply');
  }
  const { parameters, bare } = readParameters(value);
  // `local: [state.apply, …]` is the same as `local.state.apply: […]`.
  const fun = rest.length > 0 ? rest.join('.') : bare;
  if (fun === undefined || !v.is(FunctionName, fun)) {
    throw invalid(
      `'${name}' names no function`,
      `write for example ${kind}.${kind === 'local' ? 'test.ping' : 'jobs.active'}`,
    );
  }
  const { order, name: _name, ...own } = parameters;
  const base = { id, file, order };
  if (kind === 'local') return { ...base, kind, request: jobRequest(fun, own) };
  return { ...base, kind, request: functionCall(kind, fun, own) };
}

/** Salt's list of single mappings, or one mapping; a text in the list is the function. */
function readParameters(value: unknown): { readonly parameters: Parameters; readonly bare: string | undefined } {
  const items = value === null ? [] : Array.isArray(value) ? value : [value];
  let bare: string | undefined;
  const parameters: Record<string, unknown> = {};
  for (const item of items) {
    if (typeof item === 'string' && bare === undefined) bare = item;
    else if (isDict(item)) Object.assign(parameters, item);
    else
      throw invalid(`${JSON.stringify(item)} is no parameter`, 'each parameter is a mapping of one key, `- tgt: m1`');
  }
  return { parameters, bare };
}

function jobRequest(fun: string, { args, arg, kwarg, ...own }: Parameters): JobRequest {
  for (const key of Object.keys(own)) checkParameter(key);
  const given = Object.fromEntries(
    Object.entries(own)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, seconds.has(key) && typeof value === 'string' ? Number(value) : value]),
  );
  if (given.tgt === undefined) throw invalid('it has no tgt', 'say which minions: `- tgt: m1`');
  const call = args === undefined ? { arg: asList(arg), kwarg: asDict('kwarg', kwarg) } : newArguments('local', args);
  // Nobody waits for the returns: they are looked up by the jid.
  const result = v.safeParse(JobRequest, { ...given, ...call, op: 'job', fun, async: true });
  if (result.success) return result.output;
  const [{ path, message }] = result.issues;
  throw invalid(`${path?.map(({ key }) => String(key)).join('.') ?? 'it'}: ${message}`);
}

function checkParameter(key: string): void {
  if ((jobParameters as readonly string[]).includes(key)) return;
  const near = nearest(key, jobParameters);
  const hint = near === undefined ? 'arguments of the function stand below args' : `did you mean ${near}?`;
  throw invalid(`local has no parameter '${key}'`, refused[key] ?? hint);
}

function functionCall(kind: ReactionKind, fun: string, { args, arg, kwarg, ...bare }: Parameters): FunctionCall {
  if (args !== undefined) return { fun, ...newArguments(kind, args) };
  return { fun, arg: asList(arg), kwarg: kwarg === undefined ? bare : asDict('kwarg', kwarg) };
}

/** `args`: keyword arguments; for `caller` it was a plain list before it had a meaning elsewhere. */
function newArguments(kind: ReactionKind, args: unknown): Omit<FunctionCall, 'fun'> {
  if (kind === 'caller' && Array.isArray(args) && !args.every(isDict)) return { arg: args, kwarg: {} };
  return { arg: [], kwarg: asDict('args', args) };
}

function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return v.is(Args, value) ? value : [value];
}

function asDict(key: string, value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (Array.isArray(value) && value.every(isDict)) return Object.assign({}, ...value) as Record<string, unknown>;
  if (isDict(value) && v.is(Kwargs, value)) return value;
  throw invalid(`${key} is no list of keyword arguments`, `write for example \`- ${key}: [{mods: web}]\``);
}

function invalid(message: string, hint?: string): FleetError {
  return new FleetError('ARGS_INVALID', message, hint === undefined ? {} : { hint });
}
