import { findUser, readAccounts } from '../../minion/lib/accounts.ts';

/** The name of a user, or the number when there is no such one. */
export async function ownerName(uid: number): Promise<string> {
  return findUser(await readAccounts('/'), uid)?.name ?? String(uid);
}
