import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';
import { requireSuccess } from '../run_program.ts';
import { listFolder, listInitScripts, listOthers } from './init_scripts.ts';
import type { ServiceProvider } from './provider.ts';

/** OpenRC, as Alpine and Gentoo have it: each folder of /etc/runlevels holds links to what it starts. */
export const openrc: ServiceProvider = {
  name: 'gentoo_service',
  // Installed is not enough: a container has the files and no init.
  runsHere: ({ root }) => existsSync(join(root, 'run/openrc')) && existsSync(join(root, 'sbin/rc-service')),
  listAll: ({ root }) => listInitScripts(root),
  listEnabled: ({ root }) => enabledServices(root),
  listDisabled: async ({ root }) => listOthers(root, await enabledServices(root)),
  // OpenRC keeps a link for each service that it has started.
  listRunning: async ({ root }) => (await listFolder(join(root, 'run/openrc/started'))).sort(),
  isAvailable: async ({ root }, name) => (await listInitScripts(root)).includes(name),
  isEnabled: async ({ root }, name) => (await enabledServices(root)).includes(name),
  async isRunning(context, name) {
    if (!(await openrc.isAvailable(context, name))) return false;
    return (await context.exec(['rc-service', name, 'status'])).retcode === 0;
  },
  async act(context, action, name) {
    const verb = action === 'force-reload' ? 'reload' : action;
    requireSuccess(await context.exec(['rc-service', name, verb]), `cannot ${action} ${name}`);
  },
  enable: (context, name) => update(context, 'add', name),
  disable: (context, name) => update(context, 'delete', name),
};

async function update(context: MinionContext, verb: 'add' | 'delete', name: string): Promise<void> {
  requireSuccess(
    await context.exec(['rc-update', verb, name]),
    `cannot ${verb === 'add' ? 'enable' : 'disable'} ${name}`,
  );
}

async function enabledServices(root: string): Promise<string[]> {
  const folder = join(root, 'etc/runlevels');
  const levels = await listFolder(folder);
  const names = await Promise.all(levels.map((level) => listFolder(join(folder, level))));
  return [...new Set(names.flat())].sort();
}
