import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createExec } from '../../../../minion/lib/exec.ts';
import cmd from '../../../../minion/modules/cmd.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLogger } from '../../../../shared/log.ts';
import { type FakeContext, type FakeContextOverrides, fakeContext } from '../../../support/fake_context.ts';
import { runFunction } from '../../../support/run_function.ts';

const isRoot = process.geteuid?.() === 0;
const exec = createExec({ env: process.env, log: silentLogger, clock: systemClock });

let dir: string;
let context: FakeContext;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'brine-cmd-')));
  await mkdir(join(dir, 'etc'));
  await writeFile(
    join(dir, 'etc/passwd'),
    `me:x:${process.geteuid?.()}:0::${dir}:/bin/sh\nnobody:x:65534:65534::/gone:\n`,
  );
  await writeFile(join(dir, 'etc/group'), 'nobody:x:65534:\n');
  await writeFile(join(dir, 'etc/shells'), '# valid login shells\n/bin/sh\n\n/bin/bash\n');
});
afterAll(() => rm(dir, { recursive: true }));
beforeEach(() => {
  context = machine();
});

function machine(overrides: FakeContextOverrides = {}): FakeContext {
  const grains = { path: process.env.PATH, shell: '/bin/sh' };
  return fakeContext({ exec, root: dir, grains, ...overrides });
}

const call = (fun: string, args: readonly unknown[], kwargs: Record<string, unknown> = {}): Promise<unknown> =>
  runFunction(context, cmd, `cmd.${fun}`, args, kwargs);

describe('cmd.run', () => {
  test('returns both outputs without white space at the end', async () => {
    expect(await call('run', [['sh', '-c', 'echo out; echo err >&2; echo']])).toBe('out\nerr');
    expect(await call('run', ['printf "a \\n"'], { rstrip: false })).toBe('a \n');
  });

  test('starts a line without a shell, as Salt 3008 does', async () => {
    expect(await call('run', ["uname -sr; false '$HOME'"])).toContain("invalid option -- ';'");
    expect(context.retcodes).toEqual([1]);
  });

  test('uses the shell when it is asked to, or when cmd_safe is off', async () => {
    expect(await call('run', ['echo a | tr a b'], { python_shell: true })).toBe('b');
    context = machine({ config: { cmd_safe: false } });
    expect(await call('run', ['echo a | tr a b'])).toBe('b');
    expect(await call('run', ['echo a | tr'], { python_shell: false })).toBe('a | tr');
  });

  test('takes the shell that is named, or that of the grain', async () => {
    expect(await call('run', ['echo $0'], { python_shell: true, shell: '/bin/bash' })).toBe('/bin/bash');
    context = machine({ grains: { shell: '/usr/bin/bash' } });
    expect(await call('run', ['echo $0'], { python_shell: true })).toBe('/usr/bin/bash');
    const running = call('run', ['true'], { python_shell: true, shell: '/bin/nosh' });
    await expect(running).rejects.toThrow('The shell /bin/nosh is not available');
  });

  test('makes the status that of the job', async () => {
    await call('run', ['sh -c "exit 7"']);
    await call('run', ['sh -c "exit 7"'], { ignore_retcode: true });
    await call('run', ['sh -c "exit 7"'], { success_retcodes: [7, 8] });
    await call('run', ['sh -c "echo fine; exit 7"'], { success_stdout: ['fine'] });
    await call('run', ['true']);
    expect(context.retcodes).toEqual([7, 0, 0, 0, 0]);
    expect(context.logged.map(({ level, message }) => [level, message])).toEqual([
      ['error', "command 'sh' failed with return code: 7"],
    ]);
  });

  test('says in the result that the time is over', async () => {
    expect(await call('run', ['sleep 60'], { timeout: 0.05 })).toBe("['sleep', '60'] : Timed out after 0.05 seconds");
    expect(await call('run', ['sleep 60'], { timeout: 0.05, python_shell: true })).toBe(
      'sleep 60 : Timed out after 0.05 seconds',
    );
    expect(context.retcodes).toEqual([1, 1]);
  });

  test('runs in the home directory of its user when no cwd is given', async () => {
    expect(await call('run', ['pwd'])).toBe(dir);
    expect(await call('run', ['pwd'], { cwd: '/' })).toBe('/');
    await expect(call('run', ['pwd'], { cwd: '/no/such' })).rejects.toThrow(
      "specified cwd '/no/such' either not absolute or does not exist",
    );
  });

  test('speaks English, unless it is told another language', async () => {
    expect(await call('run', ['printenv LC_MESSAGES LANGUAGE'])).toBe('C\nC');
    expect(await call('run', ['printenv LC_MESSAGES'], { env: { LC_MESSAGES: 'de_DE' } })).toBe('de_DE');
    const variables = await call('run', ['printenv'], {
      clean_env: true,
      reset_system_locale: false,
      redirect_stderr: false,
      env: { A: '1' },
    });
    expect(variables).toBe('A=1');
  });

  test('takes the environment as a mapping and as a list, and numbers as text', async () => {
    expect(await call('run', ['printenv A B'], { env: [{ A: 1 }, { B: 'two' }] })).toBe('1\ntwo');
    expect(await call('run', ['printenv PATH'], { prepend_path: '/opt/x/bin' })).toBe(`/opt/x/bin:${process.env.PATH}`);
  });

  test('turns a typed \\n of stdin into a line end, unless it is raw', async () => {
    expect(await call('run', ['cat'], { stdin: 'one\\ntwo' })).toBe('one\ntwo');
    expect(await call('run', ['cat'], { stdin: 'one\\ntwo', stdin_raw_newlines: true })).toBe('one\\ntwo');
  });

  test('checks the umask', async () => {
    expect(await call('run', ['umask'], { python_shell: true, umask: '027' })).toBe('0027');
    await expect(call('run', ['true'], { umask: '000' })).rejects.toThrow('Zero umask is not allowed.');
    await expect(call('run', ['true'], { umask: '99' })).rejects.toThrow("Invalid umask: '99'");
  });

  test('raises what was written when it is asked to', async () => {
    const command = ['sh', '-c', 'echo broken; exit 1'];
    await expect(call('run', [command], { raise_err: true })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'broken',
    });
    expect(await call('run', [command], { hide_output: true })).toBe('');
  });

  test('leaves standard error out when it is not redirected', async () => {
    expect(await call('run', [['sh', '-c', 'echo o; echo e >&2']], { redirect_stderr: false })).toBe('o');
  });

  test('reads another encoding', async () => {
    expect(await call('run', [String.raw`printf '\374'`], { output_encoding: 'latin1' })).toBe('ü');
  });

  test('takes lists with numbers and single numbers as text', async () => {
    expect(await call('run', [['echo', 1, true]])).toBe('1 True');
    await expect(call('run', [3])).rejects.toThrow("unable to run command '['3']'");
  });

  test.each([
    [{ template: 'jinja' }, "cannot render the command with template 'jinja'"],
    [{ use_vt: true }, 'use_vt is not available'],
    [{ success_retcodes: ['x'] }, 'success_retcodes must be a list of integers'],
    [{ tiemout: 3 }, 'The following keyword arguments are not valid: tiemout=3'],
  ])('refuses %j', async (kwargs, message) => {
    await expect(call('run', ['true'], kwargs)).rejects.toMatchObject({
      code: 'ARGS_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('heeds what the minion itself forbids', async () => {
    context = machine({ config: { cmd_blacklist_glob: ['rm *'] } });
    expect(await call('run', ['echo rm'])).toBe('rm');
    await expect(call('run', ['rm -r /x'])).rejects.toThrow('The shell command "rm -r /x" is not permitted');
    context = machine({ config: { cmd_whitelist_glob: ['echo *'] } });
    expect(await call('run', ['echo rm'])).toBe('rm');
    await expect(call('run', [['rm', 'x']])).rejects.toThrow('The shell command "rm x" is not permitted');
  });
});

test('with stream=True the output is shown while it comes, and returned all the same', async () => {
  const context = machine();
  const kwargs = { python_shell: true, stream: true };
  expect(await runFunction(context, cmd, 'cmd.run', ['echo one; echo two'], kwargs)).toBe('one\ntwo');
  expect(context.progressed.map(([, text]) => text).join('')).toBe('one\ntwo\n');
});

test('cmd.shell always uses a shell', async () => {
  expect(await call('shell', ['echo a | tr a b; echo e >&2; exit 4'])).toBe('b\ne');
  expect(context.retcodes).toEqual([4]);
});

test('run_all, run_stdout, run_stderr and retcode each return their part', async () => {
  const command = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
  expect(await call('run_all', [command])).toEqual({
    pid: expect.any(Number),
    retcode: 3,
    stdout: 'out',
    stderr: 'err',
  });
  expect(await call('run_all', [command], { hide_output: true })).toMatchObject({ stdout: '', stderr: '' });
  expect(await call('run_all', [command], { redirect_stderr: true })).toMatchObject({ stdout: 'out\nerr', stderr: '' });
  expect(await call('run_stdout', [command])).toBe('out');
  expect(await call('run_stderr', [command])).toBe('err');
  expect(await call('retcode', [command])).toBe(3);
});

test('run_bg returns at once, with the process id alone', async () => {
  const result = (await call('run_bg', ['sleep 60'])) as { pid: number };
  expect(result).toEqual({ pid: expect.any(Number) });
  expect(process.kill(result.pid, 'SIGKILL')).toBe(true);
  expect(context.retcodes).toEqual([0]);
});

describe('cmd.script', () => {
  beforeAll(async () => {
    await writeFile(join(dir, 'script.sh'), '#!/bin/sh\nprintf "[%s]" "$@"; id -u; exit 5\n');
  });

  test('runs a file that is not executable', async () => {
    expect(await call('script', [join(dir, 'script.sh'), "a 'b c'"])).toEqual({
      pid: expect.any(Number),
      retcode: 5,
      stdout: `[a][b c]${process.geteuid?.()}`,
      stderr: '',
    });
    expect(await call('script_retcode', [join(dir, 'script.sh')])).toBe(5);
  });

  test('lets a shell read the arguments when it is asked to', async () => {
    const result = await call('script', [join(dir, 'script.sh'), '"$X" c'], { python_shell: true, env: { X: 'a b' } });
    expect(result).toMatchObject({ stdout: `[a b][c]${process.geteuid?.()}` });
    const list = await call('script', [join(dir, 'script.sh'), ['a b', 'c']], { python_shell: true });
    expect(list).toMatchObject({ stdout: `[a b][c]${process.geteuid?.()}` });
  });

  test.skipIf(!isRoot)('can be run as another user', async () => {
    await chmod(dir, 0o755);
    const result = await call('script', [join(dir, 'script.sh')], { runas: 'nobody' });
    expect(result).toMatchObject({ stdout: '[]65534' });
  });

  test.each([
    ['salt://x.sh', {}, 'cannot fetch the script salt://x.sh: the file server is not available'],
    ['/no/such.sh', {}, 'cannot read the script /no/such.sh: ENOENT'],
    ['/etc/passwd', { bg: true }, 'a script cannot be run in the background'],
    ['/etc/passwd', { runas: 'eve' }, "User 'eve' is not available"],
  ])('refuses %s %j', async (source, kwargs, message) => {
    await expect(call('script', [source], kwargs)).rejects.toMatchObject({ code: 'COMMAND_FAILED', message });
  });
});

test('which, which_bin and has_exec look through the path', async () => {
  context = machine({ grains: { path: `/no/such:${dir}` } });
  await writeFile(join(dir, 'tool'), '');
  await writeFile(join(dir, 'not-executable'), '');
  await chmod(join(dir, 'tool'), 0o755);
  expect(await call('which', ['tool'])).toBe(join(dir, 'tool'));
  expect(await call('which', [join(dir, 'tool')])).toBe(join(dir, 'tool'));
  expect(await call('which', ['etc'])).toBeNull();
  expect(await call('which_bin', [['nope', 'tool']])).toBe(join(dir, 'tool'));
  expect(await call('which_bin', ['nope'])).toBeNull();
  expect(await call('has_exec', ['tool'])).toBe(true);
  expect(await call('has_exec', ['nope'])).toBe(false);
});

test('exec_code gives code to an interpreter', async () => {
  expect(await call('exec_code', ['sh', 'echo "$1-$2"; echo e >&2'], { args: ['a', 'b c'] })).toBe('a-b c');
  expect(await call('exec_code_all', ['sh', 'pwd; exit 2', '/', 'x'])).toMatchObject({ retcode: 2, stdout: '/' });
  expect(context.retcodes).toEqual([0, 2]);
});

test('shells are those of /etc/shells', async () => {
  expect(await call('shells', [])).toEqual(['/bin/sh', '/bin/bash']);
  context = machine({ root: '/no/such' });
  expect(await call('shells', [])).toEqual([]);
});

test('a shell tells where it is and of which version, unless it is not there', async () => {
  expect(await call('shell_info', ['bash'])).toMatchObject({
    installed: true,
    path: expect.stringMatching(/^\/.*\/bash$/),
    version: expect.stringMatching(/^\d+\.\d+/),
    version_raw: expect.stringMatching(/^\d+\.\d+/),
  });
  context = machine({ grains: { path: dir } });
  expect(await call('shell_info', ['bash'])).toEqual({ installed: false });
  await expect(call('shell_info', ['edlin'])).rejects.toThrow('shell: must be one of bash, fish');
});

test.each([
  ['fish', 'fish, version 3.6.0\n', '3.6.0', '3.6.0'],
  ['ksh', '  version         sh (AT&T Research) 93u+ 2012-08-01\n', '93', '93u+'],
  ['perl', '\nThis is perl 5, version 36 (v5.36.0) built for x86_64\n', '5.36.0', '5.36.0'],
  ['php', 'PHP 8.2.7-1+deb12u1 (cli)\n', '8.2.7', '8.2.7-1+deb12u1'],
  ['ruby', 'ruby 3.1.2p20 (2022-04-12) [x86_64-linux-gnu]\n', '3.1.2', '3.1.2p20'],
  ['python3', 'something else\n', null, null],
])('shell_info %s finds its version in %j', async (shell, stdout, version, version_raw) => {
  await writeFile(join(dir, shell), '#!/bin/sh\n', { mode: 0o755 });
  const answers = async () => ({ pid: 1, retcode: 0, stdout, stderr: '', timedOut: false });
  context = machine({ grains: { path: dir }, exec: answers });
  const path = join(dir, shell);
  expect(await call('shell_info', [shell])).toEqual({ installed: true, path, version, version_raw });
});

test('a text is written on a terminal, which is a device that there is', async () => {
  await mkdir(join(dir, 'dev/pts'), { recursive: true });
  await symlink('/dev/null', join(dir, 'dev/pts/3'));
  await writeFile(join(dir, 'dev/tty1'), 'a file');
  expect(await call('tty', ['pts3', 'hello'])).toEqual({ Success: 'Message was successfully echoed to /dev/pts/3' });
  const invalid = { Error: 'The specified device is not a valid TTY' };
  expect(await call('tty', ['tty1', 'hello'])).toEqual(invalid);
  expect(await readFile(join(dir, 'dev/tty1'), 'utf8')).toBe('a file');
  expect(await call('tty', ['sda1', 'hello'])).toEqual(invalid);
  expect(await call('tty', ['tty/../pts/3'])).toEqual(invalid);
  expect(await call('tty', ['tty9'])).toEqual({ Error: 'Echoing to /dev/tty9 returned error: ENOENT' });
});
