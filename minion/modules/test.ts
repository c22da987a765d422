import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { sleep } from '../../shared/clock.ts';
import { type ErrorCode, errorTable, FleetError, toReport } from '../../shared/errors.ts';
import { redact } from '../../shared/log.ts';
import { Count, Flag, Integer, List, Real, Text, Value } from '../../shared/plugin/args.ts';
import { pyBool, pyRepr } from '../../shared/python_text.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { allFunctions, usableModules } from '../lib/all_functions.ts';
import { newDigest } from '../lib/digest.ts';
import { findPkgProvider } from '../lib/pkg/find_provider.ts';
import { findServiceProvider } from '../lib/service/find_provider.ts';
import { pyTupleRepr, pyTypeText } from '../lib/test/python_types.ts';
import { collatzSteps, slowFibonacci } from '../lib/test/slow_numbers.ts';
import { versionsInformation, versionsReport } from '../lib/test/versions.ts';

/** The largest range that the random source takes. */
const RANDOM_MAX = 2 ** 48 - 2;

const randomHash = fn({
  summary: 'Generates a random number below a size and returns its hash.',
  args: { size: v.optional(v.pipe(Count, v.maxValue(RANDOM_MAX)), 9_999_999_999), hash_type: v.optional(Text) },
  returns: 'hex digits.',
  examples: ["salt '*' test.random_hash", "salt '*' test.random_hash hash_type=sha512"],
  reads: true,
  run(context, { size, hash_type: hashType = String(context.config.hash_type ?? 'sha256') }) {
    return newDigest(hashType)
      .update(String(randomInt(size + 1)))
      .digest('hex');
  },
});

export default defineModule({
  summary: 'Check that a minion listens and answers.',
  functions: {
    ping: fn({
      summary: 'Used to make sure the minion is up and responding. Not an ICMP ping.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' test.ping"],
      reads: true,
      run: () => true,
    }),
    echo: fn({
      summary: 'Return a string - used for testing the connection.',
      args: { text: Value },
      examples: ["salt '*' test.echo 'foo bar baz quo qux'"],
      reads: true,
      run: (_context, { text }) => text,
    }),
    arg: fn({
      summary: 'Return the arguments as they arrived.',
      args: {},
      varargs: true,
      varkw: true,
      examples: ['salt \'*\' test.arg 1 "two" 3.1 txt="hello" wow=\'{a: 1, b: "hello"}\''],
      reads: true,
      run: (_context, _args, { args, kwargs }) => ({ args, kwargs }),
    }),
    kwarg: fn({
      summary: 'Return the keyword arguments as they arrived.',
      args: {},
      varkw: true,
      examples: ['salt \'*\' test.kwarg num=1 txt="two" env=\'{a: 1, b: "hello"}\''],
      reads: true,
      run: (_context, _args, { kwargs }) => kwargs,
    }),
    arg_type: fn({
      summary: 'Return the types of the arguments, in the names that Python has for them.',
      args: {},
      varargs: true,
      varkw: true,
      examples: ["salt '*' test.arg_type 1 'int'"],
      reads: true,
      run: (_context, _args, { args, kwargs }) => ({
        args: args.map(pyTypeText),
        kwargs: Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, pyTypeText(value)])),
      }),
    }),
    arg_repr: fn({
      summary: 'Return the arguments as Python prints them.',
      args: {},
      varargs: true,
      varkw: true,
      examples: ["salt '*' test.arg_repr 1 'two' num=3"],
      reads: true,
      run: (_context, _args, { args, kwargs }) => ({ args: pyTupleRepr(args), kwargs: pyRepr(kwargs) }),
    }),
    arg_clean: fn({
      summary: 'Like test.arg, without the keyword arguments that begin with two underscores.',
      args: {},
      varargs: true,
      varkw: true,
      examples: ["salt '*' test.arg_clean 1 two=2"],
      reads: true,
      run: (_context, _args, { args, kwargs }) => ({
        args,
        kwargs: Object.fromEntries(Object.entries(kwargs).filter(([key]) => !key.startsWith('__'))),
      }),
    }),
    sleep: fn({
      summary: 'Instruct the minion to initiate a process that will sleep for a given period of time.',
      description: 'The period is in seconds and may have a fraction. The job can be killed while it sleeps.',
      args: {
        length: v.pipe(Real, v.minValue(0, 'must not be negative')),
      },
      examples: ["salt '*' test.sleep 20"],
      reads: true,
      run: (context, { length }) => sleepSeconds(context, length),
    }),
    rand_sleep: fn({
      summary: 'Sleep for a random number of seconds, so that minions answer at different times.',
      args: { max: v.optional(v.pipe(Count, v.maxValue(RANDOM_MAX)), 60) },
      examples: ["salt '*' test.rand_sleep 60"],
      reads: true,
      run: (context, { max }) => sleepSeconds(context, randomInt(max + 1)),
    }),
    version: fn({
      summary: 'Return the version of the minion.',
      args: {},
      examples: ["salt '*' test.version"],
      reads: true,
      run: (context) => context.version,
    }),
    versions_information: fn({
      summary: 'Report the versions of what the minion is made of and runs on, as a mapping.',
      args: {},
      examples: ["salt '*' test.versions_information"],
      reads: true,
      run: versionsInformation,
    }),
    versions_report: fn({
      summary: 'Report the versions of what the minion is made of and runs on, as text.',
      args: {},
      examples: ["salt '*' test.versions_report"],
      reads: true,
      run: async (context) => versionsReport(await versionsInformation(context)),
    }),
    conf_test: fn({
      summary: "Return the value of test.foo in the minion's configuration, or its default.",
      args: {},
      examples: ["salt '*' test.conf_test"],
      reads: true,
      run: (context) => context.call('config.option', ['test.foo']),
    }),
    get_opts: fn({
      summary: 'Return the configuration of this minion, with secrets hidden.',
      args: {},
      examples: ["salt '*' test.get_opts"],
      reads: true,
      run: (context) => redact(context.config),
    }),
    opts_pkg: fn({
      summary: 'Return the configuration and the grains of this minion, with secrets hidden.',
      args: {},
      examples: ["salt '*' test.opts_pkg"],
      reads: true,
      run: (context) => redact({ ...context.config, grains: context.grains.all() }),
    }),
    cross_test: fn({
      summary: 'Call another function of the minion from within this module.',
      args: { func: Text, args: v.optional(List, []) },
      examples: ["salt '*' test.cross_test test.echo args='[hello]'"],
      run: (context, { func, args }) => context.call(func, args),
    }),
    attr_call: fn({
      summary: 'Call grains.items from within this module.',
      args: {},
      examples: ["salt '*' test.attr_call"],
      reads: true,
      run: (context) => context.call('grains.items'),
    }),
    fib: fn({
      summary: 'Return the num-th Fibonacci number and the seconds that it took, by a method slow on purpose.',
      args: { num: Count },
      returns: 'a list of the number and the seconds.',
      examples: ["salt '*' test.fib 3"],
      reads: true,
      run: (context, { num }) => timed(context, slowFibonacci(num, context.signal)),
    }),
    collatz: fn({
      summary: 'Return the Collatz sequence from a number down to 1, without the 1, and the seconds that it took.',
      args: { start: v.pipe(Integer, v.minValue(1, 'must be 1 or more')) },
      returns: 'a list of the sequence and the seconds.',
      examples: ["salt '*' test.collatz 3"],
      reads: true,
      run: (context, { start }) => timed(context, collatzSteps(start, context.signal)),
    }),
    outputter: fn({
      summary: 'Return the data and ask for the txt outputter.',
      args: { data: Value },
      examples: ["salt '*' test.outputter foobar"],
      reads: true,
      run(context, { data }) {
        context.setOut('txt');
        return data;
      },
    }),
    retcode: fn({
      summary: 'Return True with a return code of choice.',
      args: { code: v.optional(Integer, 42) },
      examples: ["salt '*' test.retcode 42"],
      reads: true,
      run(context, { code }) {
        context.setRetcode(code);
        return true;
      },
    }),
    provider: fn({
      summary: 'Return the name of what provides a module: the file for most, the backend for pkg and service.',
      args: { module: Text },
      returns: 'an empty text when the module cannot be used here.',
      examples: ["salt '*' test.provider service"],
      reads: true,
      async run(context, { module }) {
        const found = await context.catalogue.find(module);
        return found !== undefined && 'functions' in found ? providerName(context, module) : '';
      },
    }),
    providers: fn({
      summary: 'Return the modules that can be used here and what provides each.',
      args: {},
      examples: ["salt '*' test.providers"],
      reads: true,
      async run(context) {
        const names = [...(await usableModules(context.catalogue)).keys()];
        return Object.fromEntries(names.map((name) => [name, providerName(context, name)]));
      },
    }),
    not_loaded: fn({
      summary: 'List the modules that cannot be used on this machine.',
      args: {},
      examples: ["salt '*' test.not_loaded"],
      reads: true,
      async run(context) {
        const usable = await usableModules(context.catalogue);
        return context.catalogue.moduleNames.filter((name) => !usable.has(name)).sort();
      },
    }),
    module_report: fn({
      summary: 'Return the functions and modules of this minion and how they can be reached.',
      args: {},
      examples: ["salt '*' test.module_report"],
      reads: true,
      async run(context) {
        const functions = [...(await allFunctions(context.catalogue)).keys()];
        const modules = [...(await usableModules(context.catalogue)).keys()];
        return {
          functions,
          function_attrs: functions,
          function_subs: functions,
          modules,
          module_attrs: modules,
          missing_attrs: [],
          missing_subs: [],
        };
      },
    }),
    random_hash: randomHash,
    rand_str: { ...randomHash, examples: ["salt '*' test.rand_str"] },
    exception: fn({
      summary: 'Raise an exception.',
      args: { message: v.optional(Text, 'Test Exception') },
      examples: ["salt '*' test.exception 'Oh noes!'"],
      run: (_context, { message }) => {
        throw new Error(message);
      },
    }),
    raise_exception: fn({
      summary: "Raise an exception of a name, such as one of the minion's own error codes.",
      args: { name: Text },
      varargs: true,
      varkw: true,
      examples: [
        "salt '*' test.raise_exception COMMAND_FAILED 'An error occurred'",
        "salt '*' test.raise_exception TypeError 'An error occurred'",
      ],
      run: (_context, { name }, { args }) => {
        throw namedError(name, args.map(String).join(' '));
      },
    }),
    missing_func: fn({
      summary: 'Fail as a function does that there is not: nothing provides it.',
      args: {},
      examples: ["salt '*' test.missing_func"],
      reads: true,
      run: () => {
        throw new FleetError('FUNCTION_UNKNOWN', "'test.missing_func' is not available.");
      },
    }),
    tty: fn({
      summary: 'Refuse: texts are written on terminals by cmd.tty.',
      args: {},
      varargs: true,
      varkw: true,
      examples: ["salt '*' test.tty"],
      reads: true,
      run: () => {
        throw new FleetError('COMMAND_FAILED', 'test.tty writes on no terminal', { hint: 'use cmd.tty' });
      },
    }),
    deprecation_warning: fn({
      summary: 'Return True, and write two warnings into the log as of functions that go away.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' test.deprecation_warning"],
      reads: true,
      run(context) {
        context.log.warning('a test of the warning before a function goes away with a version');
        context.log.warning('a test of the warning before a function goes away on a day');
        return true;
      },
    }),
    stack: fn({
      summary: 'Return the stack trace of this call.',
      args: {},
      examples: ["salt '*' test.stack"],
      reads: true,
      run: () => new Error('test.stack').stack ?? '',
    }),
    try: fn({
      summary: 'Call a function with the keyword arguments and return None when it fails.',
      description: 'With return_try_exception=True the text of the failure is returned instead.',
      args: { module: Text, return_try_exception: v.optional(Flag, false) },
      varkw: true,
      examples: ["salt '*' test.try module=test.echo text=hello", "salt '*' test.try module=test.exception"],
      async run(context, { module, return_try_exception: returnFailure }, { kwargs }) {
        try {
          return await context.call(module, [], kwargs);
        } catch (error) {
          return returnFailure ? toReport(error).message : null;
        }
      },
    }),
    assertion: fn({
      summary: 'Fail unless the argument is true in the way Python takes values for true.',
      args: { assertion: Value },
      examples: ["salt '*' test.assertion True"],
      reads: true,
      run(_context, { assertion }) {
        if (!pyBool(assertion)) throw new FleetError('COMMAND_FAILED', `${pyRepr(assertion)} is not true`);
        return null;
      },
    }),
    true: fn({
      summary: 'Always return True.',
      args: {},
      examples: ["salt '*' test.true"],
      reads: true,
      run: () => true,
    }),
    false: fn({
      summary: 'Always return False.',
      args: {},
      examples: ["salt '*' test.false"],
      reads: true,
      run: () => false,
    }),
  },
});

async function sleepSeconds(context: MinionContext, seconds: number): Promise<true> {
  await sleep(context.clock, seconds * 1000, context.signal);
  context.signal.throwIfAborted();
  return true;
}

async function timed<T>(context: MinionContext, work: Promise<T>): Promise<[T, number]> {
  const startMs = context.clock.monotonicMs();
  const value = await work;
  return [value, (context.clock.monotonicMs() - startMs) / 1000];
}

function providerName(context: MinionContext, module: string): string {
  if (module === 'pkg') return findPkgProvider(context)?.name ?? module;
  if (module === 'service') return findServiceProvider(context)?.name ?? module;
  return module;
}

function namedError(name: string, message: string): Error {
  if (Object.hasOwn(errorTable, name)) return new FleetError(name as ErrorCode, message);
  return Object.assign(new Error(message), { name });
}
