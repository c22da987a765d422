import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** PAM's own helper, which asks for the password of one user and knows no other stack than pam_unix. */
const HELPER = ['/usr/sbin/unix_chkpwd', '/sbin/unix_chkpwd'].find((path) => existsSync(path));
const PATIENCE_MS = 10_000;

/**
 * Whether that is the password of an account of this system which has not expired, nor has to change its password
 * first. False where there is no helper, or the master is not root.
 */
export async function checkPam(user: string, password: string): Promise<boolean> {
  if (HELPER === undefined || !/^[a-z_][a-z0-9_.-]{0,31}$/.test(user) || password.includes('\0')) return false;
  return (await agrees(HELPER, [user, 'nonull'], password)) && (await agrees(HELPER, [user, 'chkexpiry'], ''));
}

function agrees(helper: string, words: readonly string[], password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(helper, words, {
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: PATIENCE_MS,
      env: {},
    });
    child.once('error', () => resolve(false));
    child.once('exit', (status) => resolve(status === 0));
    // It may end before it has read: then it has decided.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${password}\0`);
  });
}
