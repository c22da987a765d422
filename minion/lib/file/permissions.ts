import { chmod, lstat } from 'node:fs/promises';
import * as v from 'valibot';
import { Dict, Flag, Mode, Text } from '../../../shared/plugin/args.ts';
import type { MinionContext, MinionFunction } from '../../context.ts';
import { readAccounts } from '../accounts.ts';
import { runProgram } from '../run_program.ts';
import { attributesOf, selinuxContext, setLabel } from './attributes.ts';
import { FilePath, fileFn } from './file_function.ts';
import { Account, changeOwner, groupName, modeText, statOf, userName } from './owners.ts';

const part = v.optional(v.nullable(Text));

/** `file.check_perms`. */
export const permissionFunctions: Readonly<Record<string, MinionFunction>> = {
  check_perms: fileFn({
    summary: 'Check the permissions on files, modify attributes and chown if needed.',
    args: {
      name: FilePath,
      ret: v.optional(Dict),
      user: v.optional(Account, ''),
      group: v.optional(Account, ''),
      mode: v.optional(Mode),
      attrs: v.optional(v.nullable(Text)),
      follow_symlinks: v.optional(Flag, false),
      seuser: part,
      serole: part,
      setype: part,
      serange: part,
    },
    returns: 'a result as that of a state, and the permissions the file had.',
    examples: ["salt '*' file.check_perms /etc/sudoers '{}' root root 0400"],
    run: checkPerms,
  }),
};

async function checkPerms(
  context: MinionContext,
  args: {
    readonly name: string;
    readonly ret?: Readonly<Record<string, unknown>> | undefined;
    readonly user: string | number;
    readonly group: string | number;
    readonly mode?: string | undefined;
    readonly attrs?: string | null | undefined;
    readonly follow_symlinks: boolean;
  } & Label,
): Promise<[Record<string, unknown>, Record<string, unknown>]> {
  const { name, follow_symlinks } = args;
  const accounts = await readAccounts(context.root);
  const { uid, gid, mode } = await statOf(name, follow_symlinks);
  const lattrs = args.attrs ? ((await attributesOf(context, name))[name] ?? []) : undefined;
  const before = { luser: userName(accounts, uid), lgroup: groupName(accounts, gid), lmode: modeText(mode) };
  const user = typeof args.user === 'number' ? userName(accounts, args.user) : args.user;
  const group = typeof args.group === 'number' ? groupName(accounts, args.group) : args.group;
  const changes: Record<string, unknown> = {};
  if ((user !== '' && user !== before.luser) || (group !== '' && group !== before.lgroup)) {
    await changeOwner(context, name, { user: args.user, group: args.group, follow_symlinks });
    if (user !== '' && user !== before.luser) changes.user = user;
    if (group !== '' && group !== before.lgroup) changes.group = group;
  }
  // After the owner: chown clears the set-id bits.
  const isLink = !follow_symlinks && (await lstat(name)).isSymbolicLink();
  if (args.mode !== undefined && !isLink) {
    await chmod(name, Number.parseInt(args.mode, 8));
    if (args.mode !== before.lmode) changes.mode = args.mode;
  }
  if (args.attrs && lattrs !== undefined && (await changeAttributes(context, name, lattrs, args.attrs))) {
    changes.attrs = args.attrs;
  }
  const label = await changeLabel(context, name, args);
  if (label !== undefined) changes.selinux = label;
  const ret = { name, comment: '', result: true, ...args.ret };
  return [
    { ...ret, changes: { ...(args.ret?.changes as object | undefined), ...changes } },
    { ...before, ...(lattrs !== undefined && { lattrs: lattrs.join('') }) },
  ];
}

/** False when the file has just these. That its blocks are in extents nobody can choose. */
async function changeAttributes(
  context: MinionContext,
  path: string,
  present: readonly string[],
  wanted: string,
): Promise<boolean> {
  const added = [...wanted].filter((letter) => !present.includes(letter)).join('');
  const removed = present.filter((letter) => letter !== 'e' && !wanted.includes(letter)).join('');
  for (const [sign, letters] of [
    ['-', removed],
    ['+', added],
  ] as const) {
    if (letters === '') continue;
    await runProgram(context, ['chattr', `${sign}${letters}`, '--', path], `attributes of ${path} cannot be changed`);
  }
  return added !== '' || removed !== '';
}

interface Label {
  readonly seuser?: string | null | undefined;
  readonly serole?: string | null | undefined;
  readonly setype?: string | null | undefined;
  readonly serange?: string | null | undefined;
}

/** Changes those parts of an SELinux context that are wanted, and says which, in Salt's words; undefined for none. */
async function changeLabel(
  context: MinionContext,
  path: string,
  { seuser, serole, setype, serange }: Label,
): Promise<{ readonly New: string; readonly Old: string } | undefined> {
  if (!(seuser || serole || setype || serange)) return undefined;
  const [user, role, type, ...range] = (await selinuxContext(context, path)).split(':');
  const parts = [
    ['User', seuser, user],
    ['Role', serole, role],
    ['Type', setype, type],
    ['Range', serange, range.join(':')],
  ] as const;
  const differing = parts.filter(([, wanted, present]) => wanted && wanted !== present);
  if (differing.length === 0) return undefined;
  await setLabel(context, path, { user: seuser, role: serole, type: setype, range: serange });
  return {
    New: differing.map(([what, wanted]) => `${what}: ${wanted}`).join(' '),
    Old: differing.map(([what, , present]) => `${what}: ${present}`).join(' '),
  };
}
