import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';
import { commandFailed } from '../exec.ts';
import { requireSuccess } from '../run_program.ts';
import { listInitScripts, listOthers, startedByLinks } from './init_scripts.ts';
import type { ServiceProvider } from './provider.ts';

/** Folders whose S links start a service: the common levels and the one that runs once at boot. */
const RC_FOLDERS = ['etc/rcS.d', 'etc/rc2.d', 'etc/rc3.d', 'etc/rc4.d', 'etc/rc5.d'];

/** Scripts in /etc/init.d, with links in the rc folders: old Debian, old Red Hat, Devuan, most containers. */
export const sysv: ServiceProvider = {
  name: 'service',
  runsHere: ({ root }) => existsSync(join(root, 'etc/init.d')) && existsSync(join(root, 'usr/sbin/service')),
  listAll: ({ root }) => listInitScripts(root),
  listEnabled: ({ root }) => enabledServices(root),
  listDisabled: async ({ root }) => listOthers(root, await enabledServices(root)),
  async listRunning(context) {
    const running: string[] = [];
    for (const name of await listInitScripts(context.root)) {
      if (await sysv.isRunning(context, name)) running.push(name);
    }
    return running;
  },
  isAvailable: async ({ root }, name) => (await listInitScripts(root)).includes(name),
  isEnabled: async ({ root }, name) => (await enabledServices(root)).includes(name),
  async isRunning(context, name) {
    if (!(await sysv.isAvailable(context, name))) return false;
    return (await context.exec(['service', name, 'status'])).retcode === 0;
  },
  async act(context, action, name) {
    requireSuccess(await context.exec(['service', name, action]), `cannot ${action} ${name}`);
  },
  enable: (context, name) => setEnabled(context, name, true),
  disable: (context, name) => setEnabled(context, name, false),
};

function enabledServices(root: string): Promise<string[]> {
  return startedByLinks(RC_FOLDERS.map((folder) => join(root, folder)));
}

async function setEnabled(context: MinionContext, name: string, enabled: boolean): Promise<void> {
  const word = enabled ? 'enable' : 'disable';
  if (existsSync(join(context.root, 'usr/sbin/update-rc.d'))) {
    // `enable` only turns K links into S links: without any links, `defaults` has to make them.
    if (enabled) requireSuccess(await context.exec(['update-rc.d', name, 'defaults']), `cannot enable ${name}`);
    requireSuccess(await context.exec(['update-rc.d', name, word]), `cannot ${word} ${name}`);
  } else if (existsSync(join(context.root, 'sbin/chkconfig'))) {
    requireSuccess(await context.exec(['chkconfig', name, enabled ? 'on' : 'off']), `cannot ${word} ${name}`);
  } else {
    throw commandFailed(`cannot ${word} ${name}: neither update-rc.d nor chkconfig is installed`);
  }
}
