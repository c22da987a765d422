import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import { Flag, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { fileRoot } from '../lib/file_root.ts';
import { availableModules, loadedModules } from '../lib/kmod/kernel_modules.ts';
import { listedModules, moduleName, withModule, withoutModule } from '../lib/kmod/modules_file.ts';

/** Parameters may stand behind the name. */
const Module = v.pipe(Text, v.regex(/^\s*\w[^\n]*$/, 'must be the name of a module'));

export default defineModule({
  summary: 'See, load and remove modules of the Linux kernel.',
  unavailable: ({ root }) => (fileRoot(root).exists('/proc/modules') ? undefined : 'there is no /proc/modules'),
  functions: {
    available: fn({
      summary: 'Return the names of all modules that the kernel has.',
      args: {},
      examples: ["salt '*' kmod.available"],
      reads: true,
      run: ({ root }) => availableModules(fileRoot(root)),
    }),
    check_available: fn({
      summary: 'Return whether the kernel has a module.',
      args: { mod: Module },
      examples: ["salt '*' kmod.check_available kvm"],
      reads: true,
      run: async ({ root }, { mod }) => (await availableModules(fileRoot(root))).includes(moduleName(mod)),
    }),
    lsmod: fn({
      summary: 'Return the modules that are loaded, with their sizes and which other modules use them.',
      args: {},
      examples: ["salt '*' kmod.lsmod"],
      reads: true,
      run: ({ root }) => loadedModules(fileRoot(root)),
    }),
    mod_list: fn({
      summary: 'Return the names of the modules that are loaded, or of those that are loaded at every boot.',
      args: { only_persist: v.optional(Flag, false) },
      examples: ["salt '*' kmod.mod_list", "salt '*' kmod.mod_list only_persist=True"],
      reads: true,
      run: (context, { only_persist }) => (only_persist ? persistentModules(context) : loadedNames(context)),
    }),
    is_loaded: fn({
      summary: 'Return whether a module is loaded.',
      args: { mod: Module },
      examples: ["salt '*' kmod.is_loaded kvm"],
      reads: true,
      run: (context, { mod }) => loadedNames(context).includes(moduleName(mod)),
    }),
    load: fn({
      summary: 'Load a module with those that it needs.',
      args: { mod: Module, persist: v.optional(Flag, false) },
      description: 'Parameters may stand behind its name. persist=True loads it at every boot, too.',
      returns: 'the names of the modules that are new, or the error of modprobe.',
      examples: ["salt '*' kmod.load kvm", "salt '*' kmod.load 'bonding mode=4' persist=True"],
      async run(context, { mod, persist }) {
        const before = loadedNames(context);
        const failure = await change(context, ['modprobe', '--', ...mod.trim().split(/\s+/)]);
        if (failure !== undefined) return `Error loading module ${mod}: ${failure}`;
        const loaded = loadedNames(context).filter((name) => !before.includes(name));
        return merged(loaded, persist ? await addPersistent(context, mod) : []);
      },
    }),
    remove: fn({
      summary: 'Remove a module from the kernel.',
      args: { mod: Module, persist: v.optional(Flag, false), comment: v.optional(Flag, true) },
      description:
        'persist=True no longer loads it at every boot: its line becomes a comment, and with comment=False it goes.',
      returns: 'the names of the modules that are gone, or the error of rmmod.',
      examples: ["salt '*' kmod.remove kvm"],
      async run(context, { mod, persist, comment }) {
        const before = loadedNames(context);
        const failure = await change(context, ['rmmod', moduleName(mod)]);
        if (failure !== undefined) return `Error removing module ${mod}: ${failure}`;
        const after = loadedNames(context);
        const removed = before.filter((name) => !after.includes(name));
        return merged(removed, persist ? await removePersistent(context, mod, comment) : []);
      },
    }),
  },
});

function loadedNames({ root }: MinionContext): string[] {
  return loadedModules(fileRoot(root))
    .map(({ module }) => module)
    .sort();
}

function merged(some: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...some, ...others])].sort();
}

/** What the program says against it. */
async function change(
  { exec, setRetcode }: MinionContext,
  argv: readonly [string, ...string[]],
): Promise<string | undefined> {
  const { retcode, stderr } = await exec(argv, { env: { LC_ALL: 'C' } });
  if (retcode === 0) return undefined;
  setRetcode(retcode);
  return stderr.trim();
}

function persistentFile({ root }: MinionContext): string {
  return fileRoot(root).exists('/run/systemd/system') ? '/etc/modules-load.d/salt_managed.conf' : '/etc/modules';
}

function readPersistent(context: MinionContext): string {
  return fileRoot(context.root).readText(persistentFile(context)) ?? '';
}

function persistentModules(context: MinionContext): string[] {
  return listedModules(readPersistent(context));
}

async function addPersistent(context: MinionContext, mod: string): Promise<string[]> {
  const name = moduleName(mod);
  if (persistentModules(context).includes(name)) return [];
  if (!(await availableModules(fileRoot(context.root))).includes(name)) return [];
  await writePersistent(context, withModule(readPersistent(context), mod));
  return [name];
}

async function removePersistent(context: MinionContext, mod: string, asComment: boolean): Promise<string[]> {
  if (!persistentModules(context).includes(moduleName(mod))) return [];
  await writePersistent(context, withoutModule(readPersistent(context), mod, asComment));
  return [moduleName(mod)];
}

async function writePersistent(context: MinionContext, text: string): Promise<void> {
  const path = join(context.root, persistentFile(context));
  await makeWithParents(dirname(path));
  await writeFileAtomically(path, text);
}
