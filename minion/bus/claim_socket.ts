import { join } from 'node:path';
import { claimSocketIn } from '../../broker/unix_socket.ts';
import { loopbackSocketName } from '../../shared/paths.ts';

export const loopbackSocket = (sockDir: string): string => join(sockDir, loopbackSocketName);

/** Throws ADDRESS_IN_USE when a minion runs already whose socket is in that directory. */
export const claimSocket = (sockDir: string): Promise<void> => claimSocketIn(sockDir, loopbackSocketName);
