import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Dict, Flag, Integer, List, Real, Text, Value } from '../../../shared/plugin/args.ts';
import type { AnyFunction, ArgEntries, ModuleSpec } from '../../../shared/plugin/function.ts';
import type { MinionContext } from '../../context.ts';
import { commandFailed, type Exec } from '../exec.ts';
import { readProgramJson } from './program_json.ts';

/** How long a program may take to describe itself. */
const DESCRIBE_MS = 5000;

const types = {
  any: Value,
  text: Text,
  integer: Integer,
  number: Real,
  boolean: Flag,
  list: List,
  mapping: Dict,
} as const satisfies Readonly<Record<string, v.GenericSchema>>;
const typeNames = Object.keys(types) as (keyof typeof types)[];

const Sentence = v.pipe(v.string('must be text'), v.minLength(1, 'must not be empty'));
const Name = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name'));
const Argument = v.strictObject({
  type: v.optional(v.picklist(typeNames, `must be one of ${typeNames.join(', ')}`), 'any'),
  default: v.optional(v.unknown()),
  required: v.optional(v.boolean('must be true or false')),
});
const Described = v.strictObject({
  summary: Sentence,
  description: v.optional(v.string('must be text')),
  args: v.optional(v.record(Name, Argument), {}),
  varargs: v.optional(v.boolean('must be true or false'), false),
  varkw: v.optional(v.boolean('must be true or false'), false),
  returns: v.optional(v.string('must be text')),
  examples: v.optional(v.array(v.string('must be text'), 'must be a list'), []),
  reads: v.optional(v.boolean('must be true or false'), false),
});
/** What a program prints when it is started with `--describe`. */
const Description = v.strictObject({
  summary: Sentence,
  unavailable: v.optional(Sentence),
  functions: v.pipe(
    v.unknown(),
    v.check((functions) => !Array.isArray(functions), 'must be a mapping'),
    v.record(Name, Described, 'must be a mapping'),
  ),
});
type Described = v.InferOutput<typeof Described>;

/**
 * A program of any language as a module: `--describe` makes it tell its functions; without arguments it reads a call
 * from standard input and writes what the function returns, both as JSON. Throws MODULE_UNAVAILABLE.
 */
export async function describeProgram(path: string, exec: Exec): Promise<ModuleSpec<MinionContext>> {
  const result = await exec([path, '--describe'], { timeoutMs: DESCRIBE_MS });
  if (result.timedOut) throw broken(path, `--describe did not end within ${DESCRIBE_MS / 1000} s`);
  if (result.retcode !== 0) {
    throw broken(path, `--describe ended with status ${result.retcode}: ${lastLine(result.stderr)}`);
  }
  const read = v.safeParse(Description, readProgramJson(result.stdout));
  if (!read.success) {
    const [issue] = read.issues;
    throw broken(path, `what --describe printed cannot be used: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  const { summary, functions, unavailable } = read.output;
  const entries = Object.entries(functions).map(([name, fun]) => [name, toFunction(path, name, fun)] as const);
  return {
    summary,
    functions: Object.fromEntries(entries),
    ...(unavailable !== undefined && { unavailable: () => unavailable }),
  };
}

function toFunction(path: string, name: string, described: Described): AnyFunction<MinionContext> {
  const { summary, description, returns, examples, args, varargs, varkw, reads } = described;
  const schemas = Object.entries(args).map(([key, argument]) => [key, toSchema(argument)] as const);
  const [required, optional] = [false, true].map((is) =>
    schemas.filter(([, { type }]) => (type === 'optional') === is),
  );
  return {
    summary,
    // Required ones first, as positions need them.
    args: Object.fromEntries([...(required ?? []), ...(optional ?? [])]) as ArgEntries,
    examples,
    ...(description !== undefined && { description }),
    ...(returns !== undefined && { returns }),
    ...(varargs && { varargs }),
    ...(varkw && { varkw }),
    ...(reads && { reads }),
    run: (context, values, extra) =>
      callProgram(path, context, {
        function: name,
        args: values,
        varargs: extra.args,
        kwargs: extra.kwargs,
        id: context.id,
        jid: context.jid ?? null,
        grains: context.grains.all(),
        pillar: context.pillar,
      }),
  };
}

function toSchema({ type, required, default: fallback }: v.InferOutput<typeof Argument>): v.GenericSchema {
  const schema: v.GenericSchema = types[type];
  if (fallback === undefined && required !== false) return schema;
  return v.optional(schema, fallback);
}

/** What it wrote to standard error is why it failed; its status is the return code of the job. */
async function callProgram(
  path: string,
  context: MinionContext,
  call: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { retcode, stdout, stderr } = await context.exec([path], { stdin: `${JSON.stringify(call)}\n` });
  if (retcode !== 0) {
    context.setRetcode(retcode);
    throw commandFailed(stderr.trim() === '' ? `${path} ended with status ${retcode}` : stderr.trim());
  }
  const value = readProgramJson(stdout);
  if (value === undefined) throw commandFailed(`${path} wrote no JSON: ${lastLine(stdout)}`);
  return value;
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 200) || 'it wrote nothing';
}

function broken(path: string, reason: string): FleetError {
  return new FleetError('MODULE_UNAVAILABLE', `${path}: ${reason}`);
}
