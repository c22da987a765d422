import * as v from 'valibot';
import { AbsolutePath, Count, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { accountProvider, noAccountProvider, providerOf } from '../lib/account/find_provider.ts';
import { accountsRoot, type UserChange } from '../lib/account/provider.ts';
import {
  buildGecos,
  describeUser,
  type GecosField,
  groupNames,
  parseGecos,
  requireUser,
} from '../lib/account/user_info.ts';
import { findGroup, findUser, readAccounts } from '../lib/accounts.ts';

const root = v.optional(AbsolutePath);
const flag = v.optional(Flag, false);
const yes = v.optional(Flag, true);
const text = v.optional(Text, '');
const LOCAL = 'local=True does it by the programs of libuser, whatever a directory knows of that name.';

export default defineModule({
  summary: 'See and change users.',
  unavailable: noAccountProvider,
  functions: {
    info: fn({
      summary: 'Return what is known of a user, nothing when there is none of that name.',
      args: { name: Text, root },
      examples: ["salt '*' user.info root"],
      reads: true,
      async run(context, { name, root: where }) {
        const accounts = await readAccounts(accountsRoot(context, where));
        const user = findUser(accounts, name);
        return user === undefined ? {} : describeUser(accounts, user);
      },
    }),
    getent: fn({
      summary: 'Return what is known of all users.',
      args: { refresh: flag, root },
      description: 'Nothing is kept from earlier calls, so that ``refresh`` changes nothing.',
      examples: ["salt '*' user.getent"],
      reads: true,
      async run(context, { root: where }) {
        const accounts = await readAccounts(accountsRoot(context, where));
        return accounts.users.map((user) => describeUser(accounts, user));
      },
    }),
    list_users: fn({
      summary: 'Return the names of all users.',
      args: { root },
      examples: ["salt '*' user.list_users"],
      reads: true,
      run: async (context, { root: where }) =>
        (await readAccounts(accountsRoot(context, where))).users.map(({ name }) => name).sort(),
    }),
    list_groups: fn({
      summary: 'Return the names of the groups of a user, the primary one too.',
      args: { name: Text },
      examples: ["salt '*' user.list_groups root"],
      reads: true,
      async run(context, { name }) {
        const accounts = await readAccounts(context.root);
        const user = findUser(accounts, name);
        return user === undefined ? [] : groupNames(accounts, user);
      },
    }),
    primary_group: fn({
      summary: 'Return the name of the primary group of a user.',
      args: { name: Text },
      examples: ["salt '*' user.primary_group root"],
      reads: true,
      async run(context, { name }) {
        const { accounts, user } = await requireUser(context, name, undefined);
        return findGroup(accounts, user.gid)?.name ?? '';
      },
    }),
    add: fn({
      summary: 'Add a user.',
      description: `${LOCAL} gid is the name or number of the primary group. loginclass means nothing on this system.`,
      args: {
        name: Text,
        uid: v.optional(Count),
        gid: v.optional(Text),
        groups: v.optional(TextList),
        home: v.optional(Text),
        shell: v.optional(Text),
        unique: yes,
        system: flag,
        fullname: text,
        roomnumber: text,
        workphone: text,
        homephone: text,
        other: text,
        createhome: yes,
        loginclass: v.optional(Text),
        nologinit: flag,
        root,
        usergroup: v.optional(Flag),
        local: flag,
      },
      returns: '``True``.',
      examples: [
        "salt '*' user.add anna",
        "salt '*' user.add anna 1200 groups=sudo shell=/bin/bash fullname='Anna A.'",
      ],
      async run(context, args) {
        const { name, uid, gid, groups, home, shell } = args;
        await providerOf(context, args.local).addUser(context, args.root, {
          name,
          uid,
          gid,
          groups,
          home,
          shell,
          gecos: buildGecos(args),
          isUnique: args.unique,
          isSystem: args.system,
          createHome: args.createhome,
          skipLogs: args.nologinit,
          userGroup: args.usergroup,
        });
        return true;
      },
    }),
    delete: fn({
      summary: 'Delete a user.',
      description: `remove=True deletes the home and the mail too, force=True does it while the user is logged in. ${LOCAL}`,
      args: { name: Text, remove: flag, force: flag, root, local: flag },
      returns: '``True``.',
      examples: ["salt '*' user.delete anna remove=True force=True"],
      async run(context, { name, remove, force, root: where, local }) {
        await providerOf(context, local).deleteUser(context, where, name, { removeHome: remove, force });
        return true;
      },
    }),
    rename: fn({
      summary: 'Change the name of a user.',
      args: { name: Text, new_name: Text, root },
      returns: '``True``.',
      examples: ["salt '*' user.rename anna anne"],
      async run(context, { name, new_name: newName, root: where }) {
        await requireUser(context, name, where);
        return changeUser(context, name, where, { newName });
      },
    }),
    chuid: fn({
      summary: 'Change the number of a user.',
      args: { name: Text, uid: Count, root },
      returns: '``True``, also when it is so already.',
      examples: ["salt '*' user.chuid anna 4376"],
      async run(context, { name, uid, root: where }) {
        const { user } = await requireUser(context, name, where);
        return user.uid === uid || changeUser(context, name, where, { uid });
      },
    }),
    chgid: fn({
      summary: 'Change the primary group of a user.',
      args: { name: Text, gid: Text, root },
      returns: '``True``, also when it is so already.',
      examples: ["salt '*' user.chgid anna 4376", "salt '*' user.chgid anna staff"],
      async run(context, { name, gid, root: where }) {
        const { accounts, user } = await requireUser(context, name, where);
        const wanted = /^\d+$/.test(gid) ? Number(gid) : findGroup(accounts, gid)?.gid;
        return user.gid === wanted || changeUser(context, name, where, { gid });
      },
    }),
    chshell: fn({
      summary: 'Change the shell of a user.',
      args: { name: Text, shell: Text, root },
      returns: '``True``, also when it is so already.',
      examples: ["salt '*' user.chshell anna /bin/zsh"],
      async run(context, { name, shell, root: where }) {
        const { user } = await requireUser(context, name, where);
        return user.shell === shell || changeUser(context, name, where, { shell });
      },
    }),
    chhome: fn({
      summary: 'Change the home of a user; persist=True moves what is in it.',
      args: { name: Text, home: Text, persist: flag, root },
      returns: '``True``, also when it is so already.',
      examples: ["salt '*' user.chhome anna /srv/anna True"],
      async run(context, { name, home, persist, root: where }) {
        const { user } = await requireUser(context, name, where);
        return user.home === home || changeUser(context, name, where, { home, moveHome: persist });
      },
    }),
    chgroups: fn({
      summary: 'Give a user these groups; append=True keeps those that the user has.',
      args: { name: Text, groups: TextList, append: flag, root },
      returns: '``True``, also when it is so already.',
      examples: ["salt '*' user.chgroups anna wheel,root", "salt '*' user.chgroups anna adm append=True"],
      async run(context, { name, groups, append, root: where }) {
        const { accounts, user } = await requireUser(context, name, where);
        const own = groupNames(accounts, user);
        const wanted = [...new Set([...(append ? own : []), ...groups])];
        const isSame = own.length === wanted.length && own.every((group) => wanted.includes(group));
        return isSame || changeUser(context, name, where, { groups: wanted });
      },
    }),
    chfullname: changeComment('fullname', 'Change the full name of a user.', "'Anna A.'"),
    chroomnumber: changeComment('roomnumber', 'Change the room number of a user.', '123'),
    chworkphone: changeComment('workphone', 'Change the telephone number of a user at work.', '5550123'),
    chhomephone: changeComment('homephone', 'Change the telephone number of a user at home.', '5551234'),
    chother: changeComment('other', 'Change what else is said of a user.', "'on leave'"),
  },
});

async function changeUser(
  context: MinionContext,
  name: string,
  where: string | undefined,
  change: UserChange,
): Promise<true> {
  await accountProvider(context).changeUser(context, where, name, change);
  return true;
}

/** A function that changes one part of the comment of a user. */
function changeComment<const F extends GecosField>(field: F, summary: string, example: string) {
  const args = { name: Text, [field]: Text, root } as Record<'name' | F, typeof Text> & { readonly root: typeof root };
  return fn({
    summary,
    args,
    returns: '``True``, also when it is so already.',
    examples: [`salt '*' user.ch${field} anna ${example}`],
    async run(context: MinionContext, given: Readonly<Record<string, string | undefined>>) {
      const { name = '', root: where, [field]: wanted = '' } = given;
      const { user } = await requireUser(context, name, where);
      const gecos = parseGecos(user.gecos);
      if (gecos[field] === wanted) return true;
      return changeUser(context, name, where, { gecos: buildGecos({ ...gecos, [field]: wanted }) });
    },
  });
}
