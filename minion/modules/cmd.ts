import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { systemErrorCode } from '../../shared/errors.ts';
import { ifThere } from '../../shared/if_there.ts';
import { AbsolutePath, Dict, Flag, List, Real, Text, TextList, Value } from '../../shared/plugin/args.ts';
import { pyStr } from '../../shared/python_text.ts';
import { splitCommand } from '../../shared/shlex.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { findUser, readAccounts, type User } from '../lib/accounts.ts';
import { knownShells, shellInfo } from '../lib/cmd/shell_info.ts';
import { writeToTerminal } from '../lib/cmd/terminal.ts';
import { commandFailed } from '../lib/exec.ts';
import { findExecutable } from '../lib/find_executable.ts';
import { type CommandOptions, type CommandResult, nameOf, runCommand, searchPath } from '../lib/run_command.ts';
import { runInChroot } from '../lib/run_in_chroot.ts';
import { withTemporaryFile } from '../lib/temporary_file.ts';

/** A line, or its arguments as a list. */
const Command = v.union([
  Text,
  v.pipe(
    v.array(Value),
    v.transform((items) => items.map(pyStr)),
  ),
]);
/** A mapping, or a list of mappings as SLS files have it. */
const Environment = v.union([
  v.pipe(
    v.array(Dict),
    v.transform((items): Record<string, unknown> => Object.assign({}, ...items)),
  ),
  Dict,
]);
const off = v.optional(Flag, false);
const on = v.optional(Flag, true);
const optionalText = v.optional(Text);

/**
 * Every option there is: each function below takes those it has in Salt, in Salt's order. The log callback, the
 * saltenv, the password and encoded_cmd mean something only on Windows or within Salt: they are taken and have no
 * effect.
 */
const options = {
  cwd: optionalText,
  stdin: optionalText,
  runas: optionalText,
  group: optionalText,
  shell: optionalText,
  python_shell: v.optional(Flag),
  env: v.optional(Environment),
  clean_env: off,
  template: optionalText,
  rstrip: on,
  umask: optionalText,
  output_encoding: optionalText,
  output_loglevel: v.optional(Text, 'debug'),
  log_callback: v.optional(Value),
  hide_output: off,
  timeout: v.optional(Real),
  reset_system_locale: on,
  ignore_retcode: off,
  saltenv: optionalText,
  use_vt: off,
  bg: off,
  password: optionalText,
  encoded_cmd: off,
  raise_err: off,
  prepend_path: optionalText,
  success_retcodes: v.optional(List),
  success_stdout: v.optional(TextList),
  success_stderr: v.optional(TextList),
  stdin_raw_newlines: off,
  stream: off,
};

function pick<const K extends keyof typeof options>(...names: readonly K[]): Pick<typeof options, K> {
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Pick<typeof options, K>;
}

const who = ['cwd', 'stdin', 'runas', 'group', 'shell'] as const;
const surroundings = ['env', 'clean_env', 'template', 'rstrip', 'umask'] as const;
const text = ['output_encoding', 'output_loglevel', 'log_callback'] as const;
const limits = ['hide_output', 'timeout', 'reset_system_locale', 'ignore_retcode', 'saltenv', 'use_vt'] as const;
const success = ['success_retcodes', 'success_stdout', 'success_stderr', 'stdin_raw_newlines', 'stream'] as const;
const script = [...who, 'python_shell', 'env', 'template', 'umask'] as const;

const description = `
The line is split into arguments by the rules of quoting and started as it is. A shell is used only with
python_shell=True: then pipes, redirections and variables work. Without a cwd it runs in the home directory of its user.`;

const outputArgs = {
  cmd: Command,
  ...pick(...who, 'python_shell', ...surroundings, ...text, ...limits, 'password', 'prepend_path', ...success),
};

export default defineModule({
  summary: 'Run commands and scripts on the minion.',
  functions: {
    run: fn({
      summary: 'Execute the passed command and return the output as a string.',
      description,
      args: {
        cmd: Command,
        ...pick(...who, 'python_shell', ...surroundings, ...text, ...limits),
        redirect_stderr: on,
        ...pick('bg', 'password', 'encoded_cmd', 'raise_err', 'prepend_path', ...success),
      },
      returns: 'standard output and standard error in the order written, without white space at the end.',
      examples: ["salt '*' cmd.run 'ls -l /etc'", "salt '*' cmd.run 'ls /etc | wc -l' python_shell=True"],
      async run(context, { cmd, raise_err, hide_output, ...rest }) {
        const result = await runCommand(context, cmd, rest);
        const { stdout } = visible(result, hide_output);
        if (!raise_err || rest.ignore_retcode || result.retcode === 0) return stdout;
        throw commandFailed(stdout || `command '${nameOf(cmd)}' failed with return code: ${result.retcode}`);
      },
    }),
    shell: fn({
      summary: 'Execute the passed command in a shell and return the output as a string.',
      args: {
        cmd: Command,
        ...pick(...who, ...surroundings, ...text, ...limits, 'bg', 'password', 'prepend_path', ...success),
      },
      returns: 'standard output and standard error in the order written, without white space at the end.',
      examples: [`salt '*' cmd.shell "ls -l | awk '/foo/{print $2}'"`],
      async run(context, { cmd, hide_output, ...rest }) {
        const result = await runCommand(context, cmd, { ...rest, python_shell: true, redirect_stderr: true });
        return visible(result, hide_output).stdout;
      },
    }),
    run_stdout: fn({
      summary: 'Execute a command, and only return the standard out.',
      description,
      args: outputArgs,
      examples: ["salt '*' cmd.run_stdout 'ls -l /etc'"],
      run: async (context, { cmd, hide_output, ...rest }) =>
        visible(await runCommand(context, cmd, rest), hide_output).stdout,
    }),
    run_stderr: fn({
      summary: 'Execute a command, and only return the standard error.',
      description,
      args: outputArgs,
      examples: ["salt '*' cmd.run_stderr 'ls /no/such'"],
      run: async (context, { cmd, hide_output, ...rest }) =>
        visible(await runCommand(context, cmd, rest), hide_output).stderr,
    }),
    run_all: fn({
      summary: 'Execute the passed command and return a dict of return data.',
      description,
      args: {
        cmd: Command,
        ...pick(...who, 'python_shell', ...surroundings, ...text, ...limits),
        redirect_stderr: off,
        ...pick('password', 'encoded_cmd', 'prepend_path', ...success),
      },
      returns: '``pid``, ``retcode``, ``stdout`` and ``stderr``.',
      examples: ["salt '*' cmd.run_all 'ls -l /etc'"],
      run: async (context, { cmd, hide_output, ...rest }) => visible(await runCommand(context, cmd, rest), hide_output),
    }),
    retcode: fn({
      summary: "Execute a shell command and return the command's return code.",
      description,
      args: {
        cmd: Command,
        ...pick(...who, 'python_shell', 'env', 'clean_env', 'template', 'umask', ...text),
        ...pick('timeout', 'reset_system_locale', 'ignore_retcode', 'saltenv', 'use_vt', 'password', ...success),
      },
      examples: ["salt '*' cmd.retcode 'test -e /etc/passwd'"],
      run: async (context, { cmd, ...rest }) =>
        (await runCommand(context, cmd, { ...rest, redirect_stderr: true })).retcode,
    }),
    run_bg: fn({
      summary: 'Execute the passed command in the background and return its PID.',
      description,
      args: {
        cmd: Command,
        ...pick('cwd', 'runas', 'group', 'shell', 'python_shell', 'env', 'clean_env', 'template', 'umask', 'timeout'),
        ...pick(...text, 'reset_system_locale', 'ignore_retcode', 'saltenv', 'password', 'prepend_path', ...success),
      },
      returns: '``pid``.',
      examples: ["salt '*' cmd.run_bg 'sleep 60'"],
      run: async (context, { cmd, ...rest }) => ({
        pid: (await runCommand(context, cmd, { ...rest, bg: true })).pid,
      }),
    }),
    run_chroot: fn({
      summary: 'Run a command with another directory as its root, and return the output.',
      description:
        '/dev, /proc and /sys are mounted below it meanwhile, and so are the directories of binds. A line is run by the\n' +
        'shell that is in there; a list is run as it is. Processes that are left behind are killed.',
      args: {
        ...{ root: AbsolutePath, cmd: Command, ...pick(...who), python_shell: on, binds: v.optional(TextList, []) },
        ...{ ...pick(...surroundings, ...text, ...limits), output_loglevel: v.optional(Text, 'quiet') },
        bg: v.optional(v.literal(false, 'must be False: what is left behind is killed'), false),
        ...pick('success_retcodes', 'success_stdout', 'success_stderr'),
      },
      returns: 'standard output and standard error in the order written.',
      examples: ["salt '*' cmd.run_chroot /var/lib/lxc/web1/rootfs 'apt-get update'"],
      async run(context, { root, cmd, hide_output, ...rest }) {
        const result = await runInChroot(context, root, cmd, { ...rest, redirect_stderr: true });
        return visible(result, hide_output).stdout;
      },
    }),
    script: fn({
      summary: 'Run a script that lies on the minion, executable or not.',
      description: '\nThe source is an absolute path. A copy of it is run, by what its first line names.',
      args: {
        source: Text,
        args: v.optional(Command),
        ...pick(...script, ...text, 'hide_output', 'timeout', 'reset_system_locale', 'saltenv', 'use_vt', 'bg'),
        ...pick('password', ...success),
      },
      returns: '``pid``, ``retcode``, ``stdout`` and ``stderr``.',
      examples: ["salt '*' cmd.script /usr/local/bin/report.sh args='a b'"],
      run: async (context, { source, args, hide_output, ...rest }) =>
        visible(await runScript(context, source, args, rest), hide_output),
    }),
    script_retcode: fn({
      summary: 'Run a script that lies on the minion and return only its return code.',
      args: {
        source: Text,
        args: v.optional(Command),
        ...pick(...script, 'timeout', 'reset_system_locale', 'saltenv', ...text, 'use_vt', 'password', ...success),
      },
      examples: ["salt '*' cmd.script_retcode /usr/local/bin/check.sh"],
      run: async (context, { source, args, ...rest }) => (await runScript(context, source, args, rest)).retcode,
    }),
    which: fn({
      summary: 'Return the path of an executable available on the minion, None otherwise.',
      args: { cmd: Text },
      reads: true,
      examples: ["salt '*' cmd.which cat"],
      run: async (context, { cmd }) => (await findExecutable(cmd, searchPath(context))) ?? null,
    }),
    which_bin: fn({
      summary: 'Return the path of the first of a list of commands that is found, None otherwise.',
      args: { cmds: TextList },
      reads: true,
      examples: ["salt '*' cmd.which_bin '[pip2, pip, pip-python]'"],
      run: async (context, { cmds }) => {
        for (const cmd of cmds) {
          const found = await findExecutable(cmd, searchPath(context));
          if (found !== undefined) return found;
        }
        return null;
      },
    }),
    has_exec: fn({
      summary: 'Return True if the executable is available on the minion, False otherwise.',
      args: { cmd: Text },
      reads: true,
      examples: ["salt '*' cmd.has_exec cat"],
      run: async (context, { cmd }) => (await findExecutable(cmd, searchPath(context))) !== undefined,
    }),
    exec_code: fn({
      summary:
        'Pass in two strings, the first naming the executable language, the second a script, and return its output.',
      args: { lang: Text, code: Text, cwd: optionalText, args: v.optional(Command) },
      examples: [`salt '*' cmd.exec_code sh 'echo "$0"'`],
      run: async (context, values) => (await execCode(context, values)).stdout,
    }),
    exec_code_all: fn({
      summary:
        'Pass in two strings, the first naming the executable language, the second a script, and return all of it.',
      args: { lang: Text, code: Text, cwd: optionalText, args: v.optional(Command) },
      returns: '``pid``, ``retcode``, ``stdout`` and ``stderr``.',
      examples: [`salt '*' cmd.exec_code_all sh 'echo "$0"'`],
      run: execCode,
    }),
    shells: fn({
      summary: 'List the valid shells on this system via the /etc/shells file.',
      args: {},
      reads: true,
      examples: ["salt '*' cmd.shells"],
      run: (context) => readShells(join(context.root, 'etc/shells')),
    }),
    shell_info: fn({
      summary: 'Tell whether a shell or the language of a script is installed, where, and of which version.',
      args: {
        shell: v.picklist(knownShells, `must be one of ${knownShells.join(', ')}`),
        list_modules: off,
      },
      description: 'list_modules means something only on Windows and has no effect.',
      returns:
        '``installed`` and, when it is, ``path``, ``version`` and ``version_raw``, the version as it was printed.',
      reads: true,
      examples: ["salt '*' cmd.shell_info bash"],
      run: (context, { shell }) => shellInfo(context, shell),
    }),
    tty: fn({
      summary: 'Write a text on a terminal.',
      args: { device: Text, echo: v.optional(Text, '') },
      returns: 'a mapping with ``Success`` or ``Error`` and the reason.',
      examples: ["salt '*' cmd.tty tty0 'This is a test'", "salt '*' cmd.tty pts3 'This is a test'"],
      run: (context, { device, echo }) => writeToTerminal(context.root, device, echo),
    }),
  },
});

function visible(result: CommandResult, isHidden: boolean): CommandResult {
  return isHidden ? { ...result, stdout: '', stderr: '' } : result;
}

async function runScript(
  context: MinionContext,
  source: string,
  args: string | readonly string[] | undefined,
  options: CommandOptions,
): Promise<CommandResult> {
  if (!isAbsolute(source)) {
    throw commandFailed(
      `cannot fetch the script ${source}: the file server is not available`,
      'put the script on the minion and name it by its absolute path',
    );
  }
  if (options.bg) {
    throw commandFailed('a script cannot be run in the background', 'cmd.run_bg runs a file that is executable');
  }
  const content = await readScript(source);
  const owner = options.runas === undefined ? undefined : await ownerOf(context, options.runas);
  return withTemporaryFile(content, { name: basename(source), mode: 0o500, owner }, (path) =>
    runCommand(context, scriptCommand(path, args, options.python_shell), options),
  );
}

/** With a shell it is the shell that reads the arguments; otherwise they are split as a command is. */
function scriptCommand(
  path: string,
  args: string | readonly string[] = [],
  usesShell = false,
): string | readonly string[] {
  if (typeof args !== 'string') return usesShell ? ['"$0" "$@"', path, ...args] : [path, ...args];
  return usesShell ? [`"$0" ${args}`, path] : [path, ...splitCommand(args)];
}

async function readScript(source: string): Promise<Buffer> {
  try {
    return await readFile(source);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw commandFailed(`cannot read the script ${source}: ${code}`);
  }
}

async function ownerOf(context: MinionContext, name: string): Promise<User> {
  const user = findUser(await readAccounts(context.root), name);
  if (user === undefined) throw commandFailed(`User '${name}' is not available`);
  return user;
}

async function execCode(
  context: MinionContext,
  values: {
    readonly lang: string;
    readonly code: string;
    readonly cwd?: string | undefined;
    readonly args?: string | readonly string[] | undefined;
  },
): Promise<CommandResult> {
  const { lang, code, cwd, args = [] } = values;
  return withTemporaryFile(code, { name: 'code', mode: 0o400 }, (path) =>
    runCommand(context, [lang, path, ...[args].flat()], { cwd, python_shell: false }),
  );
}

async function readShells(path: string): Promise<string[]> {
  const lines = ((await ifThere(readFile(path, 'utf8'))) ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}
