import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Text } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { runProgram } from '../run_program.ts';
import { FilePath, fileFn } from './file_function.ts';
import { isThere } from './owners.ts';

const LETTERS = 'aAcCdDeijPsStTu';
const part = v.optional(v.nullable(Text));

/** Functions on what a file system knows of a file beside owner and mode: attributes and SELinux contexts. */
export const attributeFunctions: Readonly<Record<string, MinionFunction>> = {
  lsattr: fileFn({
    summary: 'Obtain the modifiable attributes of the given file; of a directory, of the files in it.',
    args: { path: FilePath },
    returns: 'the letters of the attributes for each file.',
    reads: true,
    examples: ["salt '*' file.lsattr foo1.txt"],
    run: (context, { path }) => attributesOf(context, path),
  }),
  chattr: fileFn({
    summary: 'Change the attributes of files. This works on Linux file systems that have them.',
    description: `
operator is add or remove, attributes are letters of [${LETTERS}]; flags are letters of options of chattr such as R, version
is a number for the file.`,
    args: {},
    varargs: true,
    varkw: true,
    returns: 'whether chattr had nothing to say against it.',
    examples: ["salt '*' file.chattr foo1.txt foo2.txt operator=add attributes=ai"],
    async run(context, _args, { args, kwargs }) {
      const { retcode, stderr } = await context.exec(['chattr', ...chattrOptions(kwargs), '--', ...args.map(pyStr)]);
      if (retcode !== 0) context.log.warning(`chattr: ${stderr.trim()}`);
      return retcode === 0;
    },
  }),
  get_selinux_context: fileFn({
    summary: 'Get an SELinux context from a given path.',
    args: { path: FilePath },
    reads: true,
    examples: ["salt '*' file.get_selinux_context /etc/hosts"],
    run: (context, { path }) => selinuxContext(context, path),
  }),
  set_selinux_context: fileFn({
    summary: 'Set a specific SELinux label on a given path.',
    description: '\nWith persist=True the label is written into the policy, too, by semanage.',
    args: { path: FilePath, user: part, role: part, type: part, range: part, persist: v.optional(Flag, false) },
    returns: 'the context that the file has then; False when nothing was to be set.',
    examples: [
      "salt '*' file.set_selinux_context path <user> <role> <type> <range>",
      "salt '*' file.set_selinux_context /etc/yum.repos.d/epel.repo system_u object_r system_conf_t s0",
    ],
    run: setSelinuxContext,
  }),
  restorecon: fileFn({
    summary: 'Reset the SELinux context on a given path to what the policy says.',
    args: { path: FilePath, recursive: v.optional(Flag, false) },
    examples: ["salt '*' file.restorecon /home/user/.ssh/authorized_keys"],
    async run(context, { path, recursive }) {
      return (await context.exec(['restorecon', recursive ? '-FR' : '-F', '--', path])).retcode === 0;
    },
  }),
};

/** Throws COMMAND_FAILED when the file system has no attributes. */
export async function attributesOf(context: MinionContext, path: string): Promise<Record<string, string[]>> {
  if (!(await isThere(path))) throw new FleetError('ARGS_INVALID', `File or directory does not exist: ${path}`);
  const { stdout } = await runProgram(context, ['lsattr', '--', path], `attributes of ${path} cannot be read`);
  const found = [...stdout.matchAll(/^([-a-zA-Z]+) +(.+)$/gm)];
  return Object.fromEntries(
    found.map(([, letters = '', file]) => [file, [...letters].filter((letter) => LETTERS.includes(letter))]),
  );
}

function chattrOptions(kwargs: Readonly<Record<string, unknown>>): string[] {
  const { operator, attributes, flags, version, ...unknown } = kwargs;
  const [name] = Object.keys(unknown);
  if (name !== undefined)
    throw new FleetError('ARGS_INVALID', `'${name}' is an invalid keyword argument for 'file.chattr'`);
  if (operator !== 'add' && operator !== 'remove') {
    throw new FleetError('ARGS_INVALID', "Need an operator: 'add' or 'remove' to modify attributes.");
  }
  if (typeof attributes !== 'string' || attributes === '') {
    throw new FleetError('ARGS_INVALID', `Need attributes: [${LETTERS}]`);
  }
  return [
    ...(flags === undefined || flags === null ? [] : [`-${pyStr(flags)}`]),
    ...(version === undefined || version === null ? [] : ['-v', pyStr(version)]),
    `${operator === 'add' ? '+' : '-'}${attributes}`,
  ];
}

/** Salt's sentence when there is none. */
export async function selinuxContext(context: MinionContext, path: string): Promise<string> {
  const { stdout } = await context.exec(['ls', '-dZ', '--', path]);
  const found = /[a-z0-9_]+:[a-z0-9_]+:[a-z0-9_]+(:[a-z0-9:.,_-]+)?/i.exec(stdout.replace(path, ''));
  return found === null ? `No selinux context information is available for ${path}` : found[0];
}

async function setSelinuxContext(
  context: MinionContext,
  args: Label & { readonly path: string; readonly persist: boolean },
): Promise<string | false> {
  const { path, user, role, type, range } = args;
  if (!(user || role || type || range)) return false;
  await setLabel(context, path, args);
  if (args.persist) {
    const kept = [...option('-s', user), ...option('-t', type), ...option('-r', range)];
    await runProgram(context, ['semanage', 'fcontext', '-a', ...kept, path], cannotLabel(path));
  }
  return selinuxContext(context, path);
}

interface Label {
  readonly user?: string | null | undefined;
  readonly role?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly range?: string | null | undefined;
}

/** Changes the parts that are given. Throws COMMAND_FAILED. */
export async function setLabel(
  context: MinionContext,
  path: string,
  { user, role, type, range }: Label,
): Promise<void> {
  const parts = [...option('-u', user), ...option('-r', role), ...option('-t', type), ...option('-l', range)];
  await runProgram(context, ['chcon', ...parts, '--', path], cannotLabel(path));
}

function option(letter: string, value: string | null | undefined): string[] {
  return value ? [letter, value] : [];
}

function cannotLabel(path: string): string {
  return `the SELinux context of ${path} cannot be set`;
}
