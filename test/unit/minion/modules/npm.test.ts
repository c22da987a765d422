import { describe, expect, test } from 'vitest';
import type { ExecOptions } from '../../../../minion/lib/exec.ts';
import npm from '../../../../minion/modules/npm.ts';
import { type FakeCommand, type FakeContext, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

function run(context: FakeContext, fun: string, args: unknown[] = [], kwargs: Record<string, unknown> = {}) {
  return runFunction(context, npm, `npm.${fun}`, args, kwargs);
}

function machine(commands: Record<string, FakeCommand>): FakeContext {
  return fakeContext({ exec: fakeExec(commands) });
}

const ADDED = '{\n  "added": 1,\n  "changed": 0,\n  "audited": 2\n}\n';
const TREE = `{
  "name": "app",
  "problems": ["missing: left-pad@^1.3.0, required by app@"],
  "dependencies": {
    "express": { "version": "4.19.2", "overridden": false },
    "left-pad": { "required": "^1.3.0", "missing": true }
  }
}
`;

test('without npm the module says why', async () => {
  expect(npm.unavailable?.(fakeContext({ root: await fixtureRoot({}) }))).toBe('npm is not installed');
  expect(npm.unavailable?.(fakeContext({ root: await fixtureRoot({ 'usr/bin/npm': '#!' }) }))).toBeUndefined();
});

describe('install', () => {
  test.each([
    [{ pkg: 'coffee-script' }, 'install --loglevel=error --json --global coffee-script'],
    [{ pkgs: ['@scope/a@1', 'b'], silent: false }, 'install --json --global @scope/a@1 b'],
    [{ dir: '/srv/app' }, 'install --loglevel=error --json'],
    [
      { pkg: 'a', registry: 'https://x', dry_run: true },
      'install --loglevel=error --json --global --registry=https://x --dry-run a',
    ],
  ])('%j is npm %s', async (kwargs, line) => {
    expect(await run(machine({ [`npm ${line}`]: ADDED }), 'install', [], kwargs)).toEqual({
      added: 1,
      changed: 0,
      audited: 2,
    });
  });

  test('what scripts write before the answer is passed over, and without an answer all is told', async () => {
    const context = machine({
      'npm install --loglevel=error --json --global a': `> a@1 install\n> node x.js\n${ADDED}`,
      'npm install --loglevel=error --json --global b': '/usr/lib\n└── b@1\n',
    });
    expect(await run(context, 'install', ['a'])).toMatchObject({ added: 1 });
    expect(await run(context, 'install', ['b'])).toBe('/usr/lib\n└── b@1');
  });

  test('folder, user and environment are handed on', async () => {
    let seen: ExecOptions = {};
    const context = machine({
      'npm install --loglevel=error --json a': (_argv, options) => {
        seen = options;
        return ADDED;
      },
    });
    await run(context, 'install', ['a'], { dir: '/srv/app', runas: 'app', env: { N: 1 } });
    expect(seen).toMatchObject({ cwd: '/srv/app', runas: 'app', env: { N: '1' } });
  });

  test('the reason of a failure is read from the answer', async () => {
    const error = { code: 'E404', summary: "'nope@*' is not in this registry.", detail: '' };
    const context = machine({
      'npm install --loglevel=error --json --global nope': { retcode: 1, stdout: JSON.stringify({ error }, null, 2) },
    });
    await expect(run(context, 'install', ['nope'])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "npm install: 'nope@*' is not in this registry.",
    });
  });

  test.each([{}, { pkg: '--global' }, { pkgs: ['a', '-g'] }])('%j is refused', async (kwargs) => {
    await expect(run(machine({}), 'install', [], kwargs)).rejects.toMatchObject({ code: 'ARGS_INVALID' });
  });
});

test('uninstall says whether npm could', async () => {
  const context = machine({
    'npm uninstall --loglevel=error --global a': 'removed 1 package\n',
    'npm uninstall --loglevel=error b': { retcode: 243, stderr: 'npm error code EACCES\n' },
  });
  expect(await run(context, 'uninstall', ['a'])).toBe(true);
  expect(await run(context, 'uninstall', ['b'], { dir: '/srv' })).toBe(false);
  expect(context.logged.map(({ message }) => message)).toEqual(['npm uninstall failed: npm error code EACCES']);
});

describe('list', () => {
  test('gives the dependencies, also when one is missing', async () => {
    const context = machine({
      'npm list --json --depth=0': { retcode: 1, stdout: TREE, stderr: 'npm error missing: left-pad@^1.3.0\n' },
      'npm list --json --global nope': { retcode: 1, stdout: '{}\n' },
    });
    expect(await run(context, 'list', [], { dir: '/srv/app', depth: 0 })).toEqual({
      express: { version: '4.19.2', overridden: false },
      'left-pad': { required: '^1.3.0', missing: true },
    });
    expect(await run(context, 'list', ['nope'])).toEqual({});
  });

  test('what is no answer is a failure', async () => {
    const context = machine({ 'npm list --json --global': { retcode: 127, stderr: 'npm: Permission denied\n' } });
    await expect(run(context, 'list')).rejects.toThrow('npm list: npm: Permission denied');
  });
});

test('the cache is told of and cleaned', async () => {
  const context = machine({
    'npm config get cache': '/root/.npm\n',
    'npm cache ls': 'make-fetch-happen:request-cache:https://registry.npmjs.org/a\n',
    'npm cache ls a@1': '\n',
    'npm cache clean --force': '',
    'npm cache clean': { retcode: 1, stderr: 'npm error As of npm@5, the npm cache self-heals\n' },
    'npm cache clean a@1': '',
  });
  expect(await run(context, 'cache_path')).toBe('/root/.npm');
  expect(await run(context, 'cache_list')).toBe('make-fetch-happen:request-cache:https://registry.npmjs.org/a');
  expect(await run(context, 'cache_list', ['a@1'])).toBe('');
  expect(await run(context, 'cache_clean', [], { force: true })).toBe(true);
  expect(await run(context, 'cache_clean')).toBe(false);
  expect(await run(context, 'cache_clean', ['a@1'])).toBe(true);
});
