import { join } from 'node:path';
import { removeStaleSocket } from '../broker/unix_socket.ts';
import { makeFolder } from '../shared/make_folder.ts';
import { loopbackSocketName } from '../shared/paths.ts';

export const loopbackSocket = (sockDir: string): string => join(sockDir, loopbackSocketName);

/** Throws ADDRESS_IN_USE when a minion runs already whose socket is in that directory. */
export async function claimSocket(sockDir: string): Promise<void> {
  await makeFolder('sock_dir', sockDir, 0o755);
  await removeStaleSocket(loopbackSocket(sockDir));
}
