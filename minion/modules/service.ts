import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { AbsolutePath, Flag, Text } from '../../shared/plugin/args.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { findServiceProvider } from '../lib/service/find_provider.ts';
import type { ServiceAction, ServiceProvider } from '../lib/service/provider.ts';
import { type SystemdProvider, systemd } from '../lib/service/systemd.ts';

/** It becomes an argument and a file name: neither an option nor a path. */
const ServiceName = v.pipe(Text, v.regex(/^[^-/\s][^/\s]*$/, 'must be the name of a service'));

const flag = v.optional(Flag, false);
/** Salt's None, which waits. */
const noBlock = v.optional(Flag);
/** Another directory that stands for `/`, such as that of an image. */
const root = v.optional(AbsolutePath);
const text = v.optional(Text);
const firstbootArgs = {
  ...{ locale: text, locale_message: text, keymap: text, timezone: text, hostname: text, machine_id: text },
  root,
};

export default defineModule({
  summary: 'See and control services, by systemd, OpenRC, procd or init scripts.',
  unavailable: (context) =>
    findServiceProvider(context) === undefined
      ? 'no init system found: neither systemd, procd nor OpenRC runs here, and there are no init scripts'
      : undefined,
  functions: {
    get_all: listFn('all services', 'get_all', (provider, context, hasRoot) =>
      hasRoot ? systemdOf(context).listFiles(context) : provider.listAll(context),
    ),
    get_enabled: listFn('all enabled services', 'get_enabled', (provider, context) => provider.listEnabled(context)),
    get_disabled: listFn('all disabled services', 'get_disabled', (provider, context) =>
      provider.listDisabled(context),
    ),
    get_running: fn({
      summary: 'Return a list of all running services.',
      args: {},
      examples: ["salt '*' service.get_running"],
      reads: true,
      run: (context) => providerOf(context).listRunning(context),
    }),
    get_static: listFn('all services without an install section (systemd)', 'get_static', (_provider, context) =>
      systemdOf(context).listStatic(context),
    ),
    available: fn({
      summary: 'Return whether a service exists.',
      args: { name: ServiceName },
      examples: ["salt '*' service.available sshd"],
      reads: true,
      run: (context, { name }) => providerOf(context).isAvailable(context, name),
    }),
    missing: fn({
      summary: 'Return whether a service does not exist.',
      args: { name: ServiceName },
      examples: ["salt '*' service.missing sshd"],
      reads: true,
      run: async (context, { name }) => !(await providerOf(context).isAvailable(context, name)),
    }),
    status: fn({
      summary: 'Return whether a service runs; for a glob, a mapping of the services that it matches.',
      description: 'With sig, a process is searched for that text instead and its id is what decides.',
      args: { name: ServiceName, sig: v.optional(Text) },
      examples: ["salt '*' service.status sshd", "salt '*' service.status 'ssh*'"],
      reads: true,
      async run(context, { name, sig }) {
        if (sig !== undefined) return (await context.call('status.pid', [sig])) !== '';
        const provider = providerOf(context);
        if (!/[*?]|\[.+\]/.test(name)) return provider.isRunning(context, name);
        const states: Record<string, boolean> = {};
        for (const service of (await provider.listAll(context)).filter(globMatcher(name))) {
          states[service] = await provider.isRunning(context, service);
        }
        return states;
      },
    }),
    enabled: fn({
      summary: 'Return whether a service starts at boot.',
      args: { name: ServiceName, root },
      examples: ["salt '*' service.enabled sshd"],
      reads: true,
      run: (context, args) => providerOf(context).isEnabled(inRoot(context, args.root), args.name),
    }),
    disabled: fn({
      summary: 'Return whether a service does not start at boot.',
      args: { name: ServiceName, root },
      examples: ["salt '*' service.disabled sshd"],
      reads: true,
      run: async (context, args) => !(await providerOf(context).isEnabled(inRoot(context, args.root), args.name)),
    }),
    start: actionFn('start', 'Start a service.', flag),
    stop: fn({
      summary: 'Stop a service.',
      args: { name: ServiceName, no_block: noBlock },
      returns: '``True``.',
      examples: ["salt '*' service.stop sshd"],
      async run(context, args) {
        await providerOf(context).act(context, 'stop', args.name, args.no_block);
        return true;
      },
    }),
    restart: actionFn('restart', 'Restart a service.', noBlock),
    reload: actionFn('reload', 'Make a service read its configuration anew.', flag),
    force_reload: actionFn(
      'force-reload',
      'Make a service read its configuration anew, or restart it if it cannot.',
      v.optional(Flag, true),
    ),
    enable: fn({
      summary: 'Make a service start at boot.',
      args: { name: ServiceName, no_block: flag, unmask: flag, unmask_runtime: flag, root },
      returns: '``True``.',
      examples: ["salt '*' service.enable sshd", "salt '*' service.enable sshd root=/mnt/image"],
      async run(outer, { name, unmask, unmask_runtime: unmaskRuntime, ...args }) {
        const context = inRoot(outer, args.root);
        await unmaskIfAsked(context, name, unmask, unmaskRuntime);
        await providerOf(context).enable(context, name);
        return true;
      },
    }),
    disable: fn({
      summary: 'Make a service no longer start at boot.',
      args: { name: ServiceName, no_block: flag, root },
      returns: '``True``.',
      examples: ["salt '*' service.disable sshd"],
      async run(context, args) {
        await providerOf(context).disable(inRoot(context, args.root), args.name);
        return true;
      },
    }),
    masked: fn({
      summary: 'Return whether a service is masked (systemd).',
      args: { name: ServiceName, runtime: flag, root },
      examples: ["salt '*' service.masked sshd", "salt '*' service.masked sshd runtime=True"],
      reads: true,
      run: (context, args) => systemdOf(context).isMasked(inRoot(context, args.root), args.name, args.runtime),
    }),
    mask: fn({
      summary: 'Make it impossible to start a service (systemd).',
      args: { name: ServiceName, runtime: flag, root },
      returns: '``True``.',
      examples: ["salt '*' service.mask sshd", "salt '*' service.mask sshd runtime=True"],
      async run(context, args) {
        await systemdOf(context).mask(inRoot(context, args.root), args.name, args.runtime);
        return true;
      },
    }),
    unmask: fn({
      summary: 'Make it possible again to start a service (systemd).',
      args: { name: ServiceName, runtime: flag, root },
      returns: '``True``.',
      examples: ["salt '*' service.unmask sshd", "salt '*' service.unmask sshd runtime=True"],
      async run(context, args) {
        await systemdOf(context).unmask(inRoot(context, args.root), args.name, args.runtime);
        return true;
      },
    }),
    execs: fn({
      summary: 'Return the program that each service starts (systemd).',
      args: { root },
      examples: ["salt '*' service.execs"],
      reads: true,
      async run(outer, args) {
        const context = inRoot(outer, args.root);
        const provider = systemdOf(context);
        const all = await (args.root === undefined ? provider.listAll(context) : provider.listFiles(context));
        return provider.listPrograms(context, all);
      },
    }),
    firstboot: fn({
      summary: 'Set what a system is asked for when it is booted for the first time (systemd-firstboot).',
      description: 'What is set already stays as it is. locale and locale_message are LANG and LC_MESSAGES.',
      args: firstbootArgs,
      returns: '``True``.',
      examples: ["salt '*' service.firstboot keymap=jp locale=en_US.UTF-8 root=/mnt/image"],
      run: (context, settings) => systemdOf(context).setFirst(context, settings),
    }),
    offline: fn({
      summary: 'Return whether systemd cannot be talked to, as in an image that is not booted.',
      args: {},
      examples: ["salt '*' service.offline"],
      reads: true,
      run: (context) => systemdOf(context).isOffline(context),
    }),
    show: fn({
      summary: 'Return the properties of a service (systemd).',
      args: { name: ServiceName, root },
      examples: ["salt '*' service.show sshd"],
      reads: true,
      run: (context, args) => systemdOf(context).show(inRoot(context, args.root), args.name),
    }),
    systemctl_reload: fn({
      summary: 'Make systemd read its unit files anew.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' service.systemctl_reload"],
      async run(context) {
        await systemdOf(context).reloadUnits(context);
        return true;
      },
    }),
  },
});

function listFn(
  what: string,
  name: string,
  list: (provider: ServiceProvider, context: MinionContext, hasRoot: boolean) => Promise<string[]>,
) {
  return fn({
    summary: `Return a list of ${what}.`,
    args: { root },
    examples: [`salt '*' service.${name}`],
    reads: true,
    run: (context, args) => list(providerOf(context), inRoot(context, args.root), args.root !== undefined),
  });
}

function actionFn(
  action: ServiceAction,
  summary: string,
  blocking: v.OptionalSchema<typeof Flag, boolean | undefined>,
) {
  return fn({
    summary,
    description: 'With systemd, no_block=True does not wait, and unmask=True or unmask_runtime=True unmasks it first.',
    args: { name: ServiceName, no_block: blocking, unmask: flag, unmask_runtime: flag },
    returns: '``True``.',
    examples: [`salt '*' service.${action.replace('-', '_')} sshd`],
    async run(context, { name, no_block, unmask, unmask_runtime: unmaskRuntime }) {
      await unmaskIfAsked(context, name, unmask, unmaskRuntime);
      await providerOf(context).act(context, action, name, no_block);
      return true;
    },
  });
}

/** Only systemd masks: elsewhere there is nothing to undo. */
async function unmaskIfAsked(context: MinionContext, name: string, unmask: boolean, runtime: boolean): Promise<void> {
  if (providerOf(context) !== systemd) return;
  if (unmask) await systemd.unmask(context, name, false);
  if (runtime) await systemd.unmask(context, name, true);
}

function providerOf(context: MinionContext): ServiceProvider {
  const provider = findServiceProvider(context);
  if (provider === undefined) throw new FleetError('MODULE_UNAVAILABLE', 'no init system found');
  return provider;
}

/** The same machine, with systemctl looking at another directory as `/`. */
function inRoot(context: MinionContext, path: string | undefined): MinionContext {
  if (path === undefined) return context;
  systemdOf(context);
  return {
    ...context,
    exec: ([program, ...args], options) => context.exec([program, `--root=${path}`, ...args], options),
  };
}

function systemdOf(context: MinionContext): SystemdProvider {
  if (providerOf(context) === systemd) return systemd;
  throw new FleetError('MODULE_UNAVAILABLE', 'only systemd can do this, and it does not run here');
}
