import { describe, expect, test } from 'vitest';
import { defineModule, fn } from '../../../../minion/context.ts';
import testModule from '../../../../minion/modules/test.ts';
import { FleetError } from '../../../../shared/errors.ts';
import { type FakeContextOverrides, fakeClock, fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

function run(fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}, over: FakeContextOverrides = {}) {
  return runFunction(fakeContext(over), testModule, fun, args, kwargs);
}

describe('what comes back is what arrived', () => {
  test.each([
    ['test.ping', [], {}, true],
    ['test.true', [], {}, true],
    ['test.false', [], {}, false],
    ['test.echo', [{ a: [1, null] }], {}, { a: [1, null] }],
    ['test.arg', [1, 'two'], { b: true }, { args: [1, 'two'], kwargs: { b: true } }],
    ['test.kwarg', [], { num: 1 }, { num: 1 }],
    ['test.arg_clean', [1], { __x: 1, y: 2 }, { args: [1], kwargs: { y: 2 } }],
    ['test.arg_repr', ['a'], { n: null }, { args: "('a',)", kwargs: "{'n': None}" }],
    ['test.arg_repr', [1, 2], {}, { args: '(1, 2)', kwargs: '{}' }],
  ] as const)('%s %j %j', async (fun, args, kwargs, expected) => {
    expect(await run(fun, [...args], kwargs)).toEqual(expected);
  });

  test('arg_type names the types as Python does', async () => {
    const values = ['a', 1, 1.5, true, null, [], {}, new Uint8Array(1)];
    const names = ['str', 'int', 'float', 'bool', 'NoneType', 'list', 'dict', 'bytes'];
    expect(await run('test.arg_type', values)).toEqual({ args: names.map((name) => `<class '${name}'>`), kwargs: {} });
  });
});

describe('test.sleep', () => {
  test('returns True when the time is over, fractions of a second too', async () => {
    const clock = fakeClock();
    let isOver = false;
    const result = run('test.sleep', ['0.5'], {}, { clock }).finally(() => {
      isOver = true;
    });
    clock.advance(499);
    await Promise.resolve();
    expect(isOver).toBe(false);
    clock.advance(1);
    expect(await result).toBe(true);
  });

  test('ends with the reason of the signal when the job is killed', async () => {
    const killer = new AbortController();
    const result = run('test.sleep', [3600], {}, { signal: killer.signal });
    killer.abort(new FleetError('COMMAND_FAILED', 'killed'));
    await expect(result).rejects.toThrow('killed');
  });

  test('refuses to sleep for less than no time', async () => {
    await expect(run('test.sleep', [-1])).rejects.toThrow('must not be negative');
  });

  test('rand_sleep takes no longer than it may', async () => {
    const clock = fakeClock();
    const result = run('test.rand_sleep', [3], {}, { clock });
    clock.advance(3000);
    expect(await result).toBe(true);
  });
});

describe('slow numbers', () => {
  test.each([
    [0, 0],
    [1, 1],
    [10, 55],
    [20, 6765],
  ])('the %d. Fibonacci number is %d', async (num, expected) => {
    expect(await run('test.fib', [num])).toEqual([expected, 0]);
  });

  test('a number that would take a minute leaves the event loop its turns and can be killed', async () => {
    const killer = new AbortController();
    const result = run('test.fib', [60], {}, { signal: killer.signal });
    setImmediate(() => killer.abort(new Error('killed')));
    await expect(result).rejects.toThrow('killed');
  });

  test('the Collatz sequence goes down to 1 and leaves it out', async () => {
    expect(await run('test.collatz', [6])).toEqual([[6, 3, 10, 5, 16, 8, 4, 2], 0]);
    await expect(run('test.collatz', [0])).rejects.toThrow('must be 1 or more');
    await expect(run('test.collatz', [Number.MAX_SAFE_INTEGER])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});

describe('the job around it', () => {
  test('retcode sets the return code of the job', async () => {
    const context = fakeContext();
    expect(await runFunction(context, testModule, 'test.retcode', [3])).toBe(true);
    expect(context.retcodes).toEqual([3]);
  });

  test('outputter asks for txt', async () => {
    const context = fakeContext();
    expect(await runFunction(context, testModule, 'test.outputter', ['x'])).toBe('x');
    expect(context.outputters).toEqual(['txt']);
  });

  test('cross_test calls another function with its arguments', async () => {
    const functions = { 'file.basename': (args: readonly unknown[]) => args };
    expect(await run('test.cross_test', ['file.basename', ['/a']], {}, { functions })).toEqual(['/a']);
  });

  test('conf_test and attr_call go through the functions that they are to prove', async () => {
    const functions = { 'config.option': () => 'unconfigured', 'grains.items': () => ({ os: 'Debian' }) };
    expect(await run('test.conf_test', [], {}, { functions })).toBe('unconfigured');
    expect(await run('test.attr_call', [], {}, { functions })).toEqual({ os: 'Debian' });
  });
});

describe('failures', () => {
  test('exception is a bug like any other', async () => {
    await expect(run('test.exception', ['Oh noes!'])).rejects.toThrow(new Error('Oh noes!'));
  });

  test('raise_exception gives a code of the error table, or else a named error', async () => {
    await expect(run('test.raise_exception', ['LIMIT_EXCEEDED', 'too much'])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'too much',
    });
    await expect(run('test.raise_exception', ['TypeError', 'odd'])).rejects.toMatchObject({ name: 'TypeError' });
  });

  test('try turns a failure into None or its text', async () => {
    const functions = {
      'x.fails': () => {
        throw new FleetError('COMMAND_FAILED', 'no luck');
      },
      'x.works': (_args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) => kwargs,
    };
    const attempt = (kwargs: Record<string, unknown>) => run('test.try', [], kwargs, { functions });
    expect(await attempt({ module: 'x.works', a: 1 })).toEqual({ a: 1 });
    expect(await attempt({ module: 'x.fails' })).toBeNull();
    expect(await attempt({ module: 'x.fails', return_try_exception: true })).toBe('no luck');
  });

  test.each([
    [true, 'holds'],
    ['x', 'holds'],
    [[0], 'holds'],
    [false, 'fails'],
    [0, 'fails'],
    ['', 'fails'],
    [[], 'fails'],
    [{}, 'fails'],
  ])('assertion of %j %s', async (value, expected) => {
    const outcome = await run('test.assertion', [value]).then(
      () => 'holds',
      () => 'fails',
    );
    expect(outcome).toBe(expected);
  });
});

describe('what the minion is', () => {
  test('versions_report aligns the names and parts the groups', async () => {
    const grains = { os: 'Debian', osrelease: '12', kernel: 'Linux', kernelrelease: '6.1', cpuarch: 'x86_64' };
    const report = String(await run('test.versions_report', [], {}, { grains }));
    expect(report).toMatch(/^Salt Version:\n {9}Brine: 0\.1\.0\n \nNode Version:\n {10}Node: \d+/);
    expect(report).toMatch(/\n +mqtt: \d+\.\d+\.\d+\n/);
    expect(report).toContain('\nSystem Versions:\n          dist: debian 12\n');
  });

  test('versions_information is the same as a mapping', async () => {
    expect(await run('test.versions_information')).toMatchObject({
      'Salt Version': { Brine: '0.1.0' },
      'Dependency Versions': { openssl: process.versions.openssl },
    });
  });

  test('get_opts and opts_pkg hide secrets', async () => {
    const over = { config: { id: 'm1', api_token: 's3cret' }, grains: { os: 'Debian' } };
    expect(await run('test.get_opts', [], {}, over)).toEqual({ id: 'm1', api_token: '**********' });
    expect(await run('test.opts_pkg', [], {}, over)).toMatchObject({ id: 'm1', grains: { os: 'Debian' } });
  });

  test('random_hash has the length of its hash and refuses what is none', async () => {
    expect(await run('test.random_hash')).toMatch(/^[0-9a-f]{64}$/);
    expect(await run('test.rand_str', [100, 'md5'])).toMatch(/^[0-9a-f]{32}$/);
    expect(await run('test.random_hash', [], {}, { config: { hash_type: 'sha512' } })).toMatch(/^[0-9a-f]{128}$/);
    await expect(run('test.random_hash', [1, 'md99'])).rejects.toThrow("there is no digest 'md99'");
  });

  test('what is not there, or moved away, says so', async () => {
    await expect(run('test.missing_func')).rejects.toThrow("'test.missing_func' is not available.");
    await expect(run('test.tty', ['tty0', 'x'])).rejects.toMatchObject({ hint: 'use cmd.tty' });
  });

  test('deprecation_warning writes two warnings', async () => {
    const context = fakeContext();
    expect(await runFunction(context, testModule, 'test.deprecation_warning')).toBe(true);
    expect(context.logged.map(({ level }) => level)).toEqual(['warning', 'warning']);
  });

  test('stack shows where the call came from', async () => {
    expect(await run('test.stack')).toContain('test.ts');
  });
});

describe('the modules beside it', () => {
  const alpha = defineModule({
    summary: 'One.',
    functions: { go: fn({ summary: 'Go.', args: {}, examples: [], run: () => 1 }) },
  });
  const find = async (name: string) => (name === 'alpha' ? alpha : { unavailable: 'no beta here' });
  const catalogue = { moduleNames: ['beta', 'alpha'], find, refresh: () => [] };

  test.each([
    ['test.provider', ['alpha'], 'alpha'],
    ['test.provider', ['beta'], ''],
    ['test.providers', [], { alpha: 'alpha' }],
    ['test.not_loaded', [], ['beta']],
  ])('%s %j', async (fun, args, expected) => {
    expect(await run(fun, args, {}, { catalogue })).toEqual(expected);
  });

  test('module_report lists what can be called', async () => {
    expect(await run('test.module_report', [], {}, { catalogue })).toMatchObject({
      functions: ['alpha.go'],
      modules: ['alpha'],
      missing_subs: [],
    });
  });
});
