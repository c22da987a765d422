import { FleetError } from '../../shared/errors.ts';
import type { MinionContext } from '../context.ts';
import { fileRoot } from './file_root.ts';

/** What is needed to give a file its label. */
export type Labelling = Pick<MinionContext, 'root' | 'exec' | 'log'>;

/**
 * Gives a file that took the place of another the SELinux context that the policy has for its name: it came with that
 * of its folder, with which others might read it, or its own program not. Nothing where there is no SELinux.
 */
export async function restoreLabel({ root, exec, log }: Labelling, path: string): Promise<void> {
  if (!fileRoot(root).exists('/sys/fs/selinux/enforce')) return;
  const reason = await failureOf(exec, path);
  if (reason !== undefined) log.warning('the SELinux context of a file was not restored', { path, reason });
}

async function failureOf(exec: MinionContext['exec'], path: string): Promise<string | undefined> {
  try {
    const { retcode, stderr } = await exec(['restorecon', '--', path]);
    return retcode === 0 ? undefined : stderr.trim();
  } catch (error) {
    if (error instanceof FleetError && error.code === 'COMMAND_FAILED') return error.message;
    throw error;
  }
}
