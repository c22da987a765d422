import * as v from 'valibot';
import { Dict, Flag, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { commandFailed, type ExecResult } from '../lib/exec.ts';
import {
  installEntries,
  installWords,
  packageWord,
  uninstallEntries,
  uninstallWords,
  vtEntry,
  whereEntries,
} from '../lib/pip/pip_arguments.ts';
import {
  type PipVersions,
  parseAllVersions,
  parseFreeze,
  parsePipList,
  sameName,
  upgradesOf,
  versionsOf,
  withoutPreReleases,
} from '../lib/pip/pip_output.ts';
import { askPip, type PipResult, type PipWhere, runPip } from '../lib/pip/run_pip.ts';

const text = v.optional(Text);
const flag = v.optional(Flag, false);
const listArgs = { prefix: text, ...whereEntries, env_vars: v.optional(Dict) };
const WHERE =
  'bin_env is a virtual environment, a python or a pip; without it the python3 of the system is asked. user is who runs it.';

export default defineModule({
  summary: 'Install Python packages with pip.',
  functions: {
    version: fn({
      summary: 'Return the version of pip.',
      description: WHERE,
      args: { bin_env: whereEntries.bin_env, cwd: whereEntries.cwd, user: text },
      examples: ["salt '*' pip.version", "salt '*' pip.version /opt/venv"],
      reads: true,
      run: (context, where) => version(context, where),
    }),
    install: fn({
      summary: 'Install packages, by name or from files of requirements.',
      description: `pkgs is a list or several with commas between, with versions as pip writes them.\n\n${WHERE}`,
      args: installEntries,
      returns: 'what pip wrote, and its return code.',
      examples: [
        "salt '*' pip.install 'requests>=2,<3'",
        "salt '*' pip.install requirements=/srv/app/requirements.txt bin_env=/opt/venv",
      ],
      async run(context, args) {
        const result = await runPip(context, args, installWords(args));
        return reported(context, result);
      },
    }),
    uninstall: fn({
      summary: 'Remove packages.',
      description: WHERE,
      args: uninstallEntries,
      returns: 'what pip wrote, and its return code.',
      examples: ["salt '*' pip.uninstall requests", "salt '*' pip.uninstall requests,urllib3 bin_env=/opt/venv"],
      async run(context, args) {
        const result = await runPip(context, args, uninstallWords(args));
        return reported(context, result);
      },
    }),
    freeze: fn({
      summary: 'Return the installed packages as lines of a file of requirements.',
      description: WHERE,
      args: { ...whereEntries, ...vtEntry, env_vars: v.optional(Dict) },
      examples: ["salt '*' pip.freeze", "salt '*' pip.freeze bin_env=/opt/venv"],
      reads: true,
      async run(context, where) {
        const lines = (await askPip(context, where, ['freeze', '--all'])).split('\n');
        return lines.map((line) => line.trim()).filter((line) => line !== '');
      },
    }),
    list: fn({
      summary: 'Return the installed packages and their versions.',
      description: `prefix is how the names begin, in any case.\n\n${WHERE}`,
      args: listArgs,
      examples: ["salt '*' pip.list", "salt '*' pip.list prefix=req"],
      reads: true,
      run: async (context, { prefix, ...where }) => startingWith(await installed(context, where), prefix),
    }),
    list_freeze_parse: fn({
      summary: 'Return the installed packages and their versions, and where those of a source tree come from.',
      description: `prefix is how the names begin, in any case.\n\n${WHERE}`,
      args: listArgs,
      examples: ["salt '*' pip.list_freeze_parse"],
      reads: true,
      async run(context, { prefix, ...where }) {
        return startingWith(parseFreeze(await askPip(context, where, ['freeze', '--all'])), prefix);
      },
    }),
    list_upgrades: fn({
      summary: 'Return the packages of which there is a newer version, with it.',
      description: WHERE,
      args: whereEntries,
      examples: ["salt '*' pip.list_upgrades"],
      reads: true,
      run: (context, where) => upgrades(context, where),
    }),
    is_installed: fn({
      summary: 'Return whether a package is installed.',
      description: WHERE,
      args: { pkgname: Text, ...whereEntries },
      examples: ["salt '*' pip.is_installed requests"],
      reads: true,
      async run(context, { pkgname, ...where }) {
        return Object.keys(await installed(context, where)).some((name) => sameName(name, pkgname));
      },
    }),
    upgrade_available: fn({
      summary: 'Return whether there is a newer version of a package.',
      description: WHERE,
      args: { pkg: Text, ...whereEntries },
      examples: ["salt '*' pip.upgrade_available requests"],
      reads: true,
      async run(context, { pkg, ...where }) {
        return Object.keys(await upgrades(context, where)).some((name) => sameName(name, pkg));
      },
    }),
    upgrade: fn({
      summary: 'Upgrade all packages of which there is a newer version.',
      description: WHERE,
      args: { ...whereEntries, ...vtEntry },
      returns: 'changes, each with its old and new version; result; comment.',
      examples: ["salt '*' pip.upgrade", "salt '*' pip.upgrade bin_env=/opt/venv"],
      run: (context, where) => upgradeAll(context, where),
    }),
    list_all_versions: fn({
      summary: 'Return all versions of a package that its index has, the oldest first.',
      description: `Without include_alpha, include_beta and include_rc those are left out.\n\n${WHERE}`,
      args: {
        pkg: Text,
        bin_env: whereEntries.bin_env,
        include_alpha: flag,
        include_beta: flag,
        include_rc: flag,
        user: text,
        cwd: whereEntries.cwd,
        index_url: text,
        extra_index_url: text,
      },
      returns: 'a list, or None when there is none.',
      examples: ["salt '*' pip.list_all_versions requests"],
      reads: true,
      async run(context, { pkg, index_url: index, extra_index_url: extra, ...args }) {
        const [alpha, beta, candidate] = [args.include_alpha, args.include_beta, args.include_rc];
        const options = [
          ...(index === undefined ? [] : [`--index-url=${index}`]),
          ...(extra === undefined ? [] : [`--extra-index-url=${extra}`]),
          ...(alpha || beta || candidate ? ['--pre'] : []),
        ];
        const name = packageWord(pkg);
        // Before 21.2 it tells its versions only when it is asked for one that is none.
        const isOld = comesBefore(await version(context, args), [21, 2]);
        const words = isOld ? ['install', ...options, `${name}==versions`] : ['index', 'versions', ...options, name];
        const { stdout, stderr } = await runPip(context, args, words);
        const found = parseAllVersions(`${stdout}\n${stderr}`);
        return found === undefined ? null : withoutPreReleases(found, { alpha, beta, candidate });
      },
    }),
  },
});

/** Salt gives it with the status of the program as that of the job. */
function reported(context: MinionContext, { pid, retcode, stdout, stderr }: ExecResult): PipResult {
  context.setRetcode(retcode);
  return { pid, retcode, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
}

async function version(context: MinionContext, where: PipWhere): Promise<string> {
  const answer = await askPip(context, where, ['--version']);
  const found = /^pip (\S+)/.exec(answer)?.[1];
  if (found === undefined) throw commandFailed(`pip does not tell its version: ${answer.trim()}`);
  return found;
}

function comesBefore(one: string, [major, minor]: readonly [number, number]): boolean {
  const [first = 0, second = 0] = one.split('.').map(Number);
  return first < major || (first === major && second < minor);
}

async function installed(context: MinionContext, where: PipWhere): Promise<PipVersions> {
  return versionsOf(parsePipList(await askPip(context, where, ['list', '--format=json'])));
}

async function upgrades(context: MinionContext, where: PipWhere): Promise<PipVersions> {
  return upgradesOf(parsePipList(await askPip(context, where, ['list', '--outdated', '--format=json'])));
}

function startingWith(versions: PipVersions, prefix = ''): PipVersions {
  const begins = (name: string) => name.toLowerCase().startsWith(prefix.toLowerCase());
  return Object.fromEntries(Object.entries(versions).filter(([name]) => begins(name)));
}

async function upgradeAll(context: MinionContext, where: PipWhere) {
  const names = Object.keys(await upgrades(context, where));
  if (names.length === 0) return { changes: {}, result: true, comment: 'everything is up to date' };
  const before = await installed(context, where);
  const { retcode, stdout, stderr } = await runPip(context, where, ['install', '--upgrade', ...names.map(packageWord)]);
  const after = await installed(context, where);
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => [name, { old: before[name] ?? '', new: after[name] ?? '' }] as const)
    .filter(([, change]) => change.old !== change.new);
  context.setRetcode(retcode);
  const comment = retcode === 0 ? '' : stderr.trim() || stdout.trim();
  return { changes: Object.fromEntries(changed), result: retcode === 0, comment };
}
