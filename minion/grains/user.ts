import { defineGrains } from '../grains.ts';
import { findGroup, findUser, readAccounts } from '../lib/accounts.ts';

export default defineGrains({
  summary: 'The user and process that the minion runs as.',
  async collect({ root, platform: { uid, gid, pid, cwd } }) {
    const accounts = await readAccounts(root);
    const user = findUser(accounts, uid);
    const group = findGroup(accounts, gid);
    return {
      uid,
      gid,
      pid,
      ...(cwd !== undefined && { cwd }),
      ...(user !== undefined && { username: user.name }),
      ...(group !== undefined && { groupname: group.name }),
    };
  },
});
