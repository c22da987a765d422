import * as v from 'valibot';
import { AbsolutePath, Count, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { accountProvider, noAccountProvider, providerOf } from '../lib/account/find_provider.ts';
import { accountsRoot } from '../lib/account/provider.ts';
import { findGroup, findUser, type Group, readAccounts } from '../lib/accounts.ts';
import { commandFailed } from '../lib/exec.ts';

const root = v.optional(AbsolutePath);
const flag = v.optional(Flag, false);
const LOCAL = 'local=True does it by the programs of libuser, whatever a directory knows of that name.';

export default defineModule({
  summary: 'See and change groups of users.',
  unavailable: noAccountProvider,
  functions: {
    info: fn({
      summary: 'Return what is known of a group, nothing when there is none of that name.',
      args: { name: Text, root },
      examples: ["salt '*' group.info sudo"],
      reads: true,
      async run(context, { name, root: where }) {
        const group = findGroup(await readAccounts(accountsRoot(context, where)), name);
        return group === undefined ? {} : describeGroup(group);
      },
    }),
    getent: fn({
      summary: 'Return what is known of all groups.',
      args: { refresh: flag, root },
      description: 'Nothing is kept from earlier calls, so that ``refresh`` changes nothing.',
      examples: ["salt '*' group.getent"],
      reads: true,
      run: async (context, { root: where }) =>
        (await readAccounts(accountsRoot(context, where))).groups.map(describeGroup),
    }),
    add: fn({
      summary: 'Add a group.',
      description: LOCAL,
      args: { name: Text, gid: v.optional(Count), system: flag, root, non_unique: flag, local: flag },
      returns: '``True``.',
      examples: ["salt '*' group.add deploy", "salt '*' group.add deploy 3456 system=True"],
      async run(context, { name, gid, system, root: where, non_unique: nonUnique, local }) {
        const group = { name, gid, isSystem: system, isUnique: !nonUnique };
        await providerOf(context, local).addGroup(context, where, group);
        return true;
      },
    }),
    delete: fn({
      summary: 'Delete a group.',
      description: LOCAL,
      args: { name: Text, root, local: flag },
      returns: '``True``.',
      examples: ["salt '*' group.delete deploy"],
      async run(context, { name, root: where, local }) {
        await providerOf(context, local).deleteGroup(context, where, name);
        return true;
      },
    }),
    chgid: fn({
      summary: 'Change the number of a group.',
      args: { name: Text, gid: Count, root, non_unique: flag },
      returns: '``True``, also when it has that number already.',
      examples: ["salt '*' group.chgid deploy 4376"],
      async run(context, { name, gid, root: where, non_unique: nonUnique }) {
        if ((await requireGroup(context, name, where)).gid === gid) return true;
        await accountProvider(context).changeGroup(context, where, name, { gid, isUnique: !nonUnique });
        return (await requireGroup(context, name, where)).gid === gid;
      },
    }),
    adduser: fn({
      summary: 'Make a user a member of a group.',
      args: { name: Text, username: Text, root },
      returns: '``True``, also for one who is a member already.',
      examples: ["salt '*' group.adduser deploy anna"],
      async run(context, { name, username, root: where }) {
        const { members } = await requireGroup(context, name, where);
        if (members.includes(username)) return true;
        return setMembers(context, name, [...members, username], where);
      },
    }),
    deluser: fn({
      summary: 'Take a member out of a group.',
      args: { name: Text, username: Text, root },
      returns: '``True``, also for one who is no member.',
      examples: ["salt '*' group.deluser deploy anna"],
      async run(context, { name, username, root: where }) {
        const { members } = await requireGroup(context, name, where);
        if (!members.includes(username)) return true;
        const others = members.filter((member) => member !== username);
        await accountProvider(context).changeGroup(context, where, name, { members: others });
        return true;
      },
    }),
    members: fn({
      summary: 'Give a group these members and no others.',
      args: { name: Text, members_list: TextList, root },
      returns: '``True``.',
      examples: ["salt '*' group.members deploy 'anna,bert'"],
      async run(context, { name, members_list: members, root: where }) {
        await requireGroup(context, name, where);
        return setMembers(context, name, members, where);
      },
    }),
  },
});

function describeGroup({ name, gid, members }: Group) {
  return { name, passwd: 'x', gid, members };
}

async function requireGroup(context: MinionContext, name: string, where: string | undefined): Promise<Group> {
  const group = findGroup(await readAccounts(accountsRoot(context, where)), name);
  if (group === undefined) throw commandFailed(`Group '${name}' does not exist`);
  return group;
}

async function setMembers(
  context: MinionContext,
  name: string,
  members: readonly string[],
  where: string | undefined,
): Promise<true> {
  const accounts = await readAccounts(accountsRoot(context, where));
  const unknown = members.find((member) => findUser(accounts, member) === undefined);
  if (unknown !== undefined) throw commandFailed(`User '${unknown}' does not exist`);
  await accountProvider(context).changeGroup(context, where, name, { members });
  return true;
}
