import * as v from 'valibot';
import { expect, test } from 'vitest';
import { Count, Integer, Text, Value } from '../../../../shared/plugin/args.ts';
import { docText } from '../../../../shared/plugin/documentation.ts';
import { bindArguments, callFunction, createFn } from '../../../../shared/plugin/function.ts';

const fn = createFn<undefined>();
const examples = ['salt m1 probe.f'];
const run = (): null => null;

const none = fn({ summary: 'Takes nothing.', args: {}, examples, run });
const one = fn({ summary: 'Takes one.', args: { a: Text }, examples, run });
const two = fn({ summary: 'Takes two.', args: { a: Text, b: Text }, examples, run });
const three = fn({ summary: 'Takes three.', args: { a: Text, b: Text, c: Text }, examples, run });
const some = fn({ summary: 'Takes some.', args: { a: Text, b: v.optional(Count, 3) }, examples, run });
const all = fn({ summary: 'Takes all.', args: { a: Text }, varargs: true, varkw: true, examples, run });

type Spec = typeof none;
const bind = (spec: Spec, args: readonly unknown[] = [], kwargs: Readonly<Record<string, unknown>> = {}) =>
  bindArguments('probe.f', spec, args, kwargs);

/** The first line of what the operator reads, after the words that all of them have. */
function complaint(spec: Spec, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>> = {}): string {
  try {
    bind(spec, args, kwargs);
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    return line.replace('Passed invalid arguments to probe.f: ', '');
  }
  return 'nothing to complain of';
}

test.each([
  [none, ['x'], {}, 'f() takes 0 positional arguments but 1 was given'],
  [one, ['x', 'y'], {}, 'f() takes 1 positional argument but 2 were given'],
  [two, ['x', 'y', 'z'], {}, 'f() takes 2 positional arguments but 3 were given'],
  [some, ['x', 1, 2], {}, 'f() takes from 1 to 2 positional arguments but 3 were given'],
  [one, [], {}, "f() missing 1 required positional argument: 'a'"],
  [two, [], {}, "f() missing 2 required positional arguments: 'a' and 'b'"],
  [three, [], {}, "f() missing 3 required positional arguments: 'a', 'b', and 'c'"],
  [three, ['x'], { c: 'z' }, "f() missing 1 required positional argument: 'b'"],
  [one, ['x'], { a: 'y' }, "f() got multiple values for argument 'a'"],
  [one, ['x'], { zz: 1 }, 'The following keyword arguments are not valid: zz=1'],
  [one, ['x'], { passwd: 'q' }, "The following keyword arguments are not valid: passwd='**********'"],
  [one, ['x'], { zz: 'q', yy: true }, "The following keyword arguments are not valid: zz='q', yy=True"],
  [some, ['x', -1], {}, 'b: must not be negative'],
  [some, ['x', 'many'], {}, 'b: must be a number'],
  [one, [['x']], {}, 'a: must be text'],
  [one, [null], {}, 'a: must be text'],
] as const)('%#: Python would say', (spec, args, kwargs, text) => {
  expect(complaint(spec as Spec, args, kwargs)).toBe(text);
});

test('what is complained of is followed by the documentation', () => {
  expect(() => bind(one)).toThrow(
    [
      "Passed invalid arguments to probe.f: f() missing 1 required positional argument: 'a'",
      '',
      '    Takes one.',
      '',
      '    CLI Example:',
      '',
      '        salt m1 probe.f',
      '',
    ].join('\n'),
  );
});

test('arguments are taken by position, by name, and by default', () => {
  expect(bind(some, ['x']).values).toEqual({ a: 'x', b: 3 });
  expect(bind(some, [], { b: 5, a: 'x' }).values).toEqual({ a: 'x', b: 5 });
  expect(bind(some, ['x', null]).values).toEqual({ a: 'x', b: 3 });
});

test('values are what the schemas make of them', () => {
  expect(bind(some, [5, '7']).values).toEqual({ a: '5', b: 7 });
});

test('what Salt adds to a job by itself is no argument', () => {
  expect(bind(one, ['x'], { __pub_jid: '1', __pub_user: 'root' }).values).toEqual({ a: 'x' });
});

test('who takes more gets the rest', () => {
  expect(bind(all, ['x', 1, 2], { k: 'v' })).toEqual({
    values: { a: 'x' },
    extra: { args: [1, 2], kwargs: { k: 'v' } },
  });
});

test('names that every object has are arguments like others', () => {
  expect(complaint(none, [], { constructor: 1, toString: 2 })).toContain('constructor=1, toString=2');
});

test('a call gives the function its values and what it returns to the caller', async () => {
  const add = fn({
    summary: 'Add.',
    args: { a: Integer, b: Integer },
    varargs: true,
    examples,
    run: (_context, { a, b }, { args }) => [a + b, args],
  });
  expect(await callFunction('probe.add', add, undefined, ['1', 2, 'more'], {})).toEqual([3, ['more']]);
  expect(() => callFunction('probe.add', add, undefined, [], {})).toThrow(
    expect.objectContaining({ code: 'ARGS_INVALID' }),
  );
});

test('the documentation has all that the function says of itself', () => {
  const spec = fn({
    summary: 'Do it.',
    description: 'At length.\n',
    args: { a: Value },
    returns: 'the outcome.',
    examples: ['salt m1 probe.f 1', 'salt m1 probe.f 2'],
    run,
  });
  expect(docText('probe.f', spec)).toBe(
    'Do it.\n\nAt length.\n\nReturns the outcome.\n\nCLI Examples:\n\n    salt m1 probe.f 1\n    salt m1 probe.f 2\n',
  );
});
