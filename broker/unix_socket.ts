import { once } from 'node:events';
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { FleetError, systemErrorCode } from '../shared/errors.ts';
import { makeFolder } from '../shared/make_folder.ts';

/** `sun_path` has 108 bytes, the last of them zero (unix(7)); longer paths are cut off silently. */
const PATH_BYTES_MAX = 107;

/** Throws CONFIG_INVALID. */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= PATH_BYTES_MAX) return;
  throw new FleetError('CONFIG_INVALID', `the socket path has ${bytes} bytes, limit ${PATH_BYTES_MAX}: ${path}`, {
    hint: 'choose a shorter sock_dir',
  });
}

/**
 * Removes the socket file that a process left behind when it was killed. Throws ADDRESS_IN_USE when a living process
 * listens there, CONFIG_INVALID when the file is no socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === 'nothing') {
    // libuv says EACCES for both: only this tells a directory that is missing from one that may not be written to.
    await lstat(dirname(path));
    return;
  }
  if (kind === 'other') {
    throw new FleetError('CONFIG_INVALID', `${path} exists and is not a socket`, { hint: 'move that file away' });
  }
  if (await somebodyListens(path)) {
    throw new FleetError('ADDRESS_IN_USE', `another process listens on ${path}`, {
      hint: 'stop it, or give this one another sock_dir',
    });
  }
  await rm(path, { force: true });
}

/** Makes `sock_dir`, before all else that a second process would harm. Throws what `removeStaleSocket` throws. */
export async function claimSocketIn(sockDir: string, name: string): Promise<void> {
  await makeFolder('sock_dir', sockDir, 0o755);
  await removeStaleSocket(join(sockDir, name));
}

async function kindOf(path: string): Promise<'nothing' | 'socket' | 'other'> {
  try {
    return (await lstat(path)).isSocket() ? 'socket' : 'other';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 'nothing';
    throw error;
  }
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Nobody listens only when the kernel says so: a full backlog or a lack of permission is somebody.
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(systemErrorCode(error) ?? '')));
  });
}

/** Listens where nobody is served: whoever connects is let go at once, and knows that a process is there. */
export async function holdSocket(path: string): Promise<{ close(): Promise<void> }> {
  checkSocketPath(path);
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o660);
  return {
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}
