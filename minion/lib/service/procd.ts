import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';
import { requireSuccess } from '../run_program.ts';
import { listInitScripts, listOthers, startedByLinks } from './init_scripts.ts';
import type { ServiceProvider } from './provider.ts';

/** OpenWrt: init scripts that procd supervises, started by the S links of /etc/rc.d. */
export const procd: ServiceProvider = {
  name: 'procd',
  runsHere: ({ root }) => existsSync(join(root, 'sbin/procd')) && existsSync(join(root, 'etc/rc.common')),
  listAll: ({ root }) => listInitScripts(root),
  listEnabled: ({ root }) => enabledServices(root),
  listDisabled: async ({ root }) => listOthers(root, await enabledServices(root)),
  async listRunning(context) {
    const result = await context.exec(['ubus', 'call', 'service', 'list']);
    requireSuccess(result, 'cannot list the services');
    return runningServices(result.stdout);
  },
  isAvailable: async ({ root }, name) => (await listInitScripts(root)).includes(name),
  isEnabled: async ({ root }, name) => (await enabledServices(root)).includes(name),
  async isRunning(context, name) {
    if (!(await procd.isAvailable(context, name))) return false;
    return (await runScript(context, name, 'running')).retcode === 0;
  },
  async act(context, action, name) {
    const verb = action === 'force-reload' ? 'reload' : action;
    requireSuccess(await runScript(context, name, verb), `cannot ${action} ${name}`);
  },
  async enable(context, name) {
    requireSuccess(await runScript(context, name, 'enable'), `cannot enable ${name}`);
  },
  async disable(context, name) {
    requireSuccess(await runScript(context, name, 'disable'), `cannot disable ${name}`);
  },
};

function runScript(context: MinionContext, name: string, verb: string) {
  return context.exec([join(context.root, 'etc/init.d', name), verb]);
}

function enabledServices(root: string): Promise<string[]> {
  return startedByLinks([join(root, 'etc/rc.d')]);
}

interface UbusService {
  readonly instances?: Readonly<Record<string, { readonly running?: boolean }>>;
}

function runningServices(json: string): string[] {
  const services = JSON.parse(json) as Readonly<Record<string, UbusService>>;
  return Object.entries(services)
    .filter(([, { instances = {} }]) => Object.values(instances).some(({ running }) => running === true))
    .map(([name]) => name)
    .sort();
}
