import * as v from 'valibot';
import { FleetError } from '../../shared/errors.ts';
import { AbsolutePath, Count, Dict, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { hasProgram } from '../lib/has_program.ts';
import { askNpm, parseJson, requireNpm, runNpm } from '../lib/npm/run_npm.ts';

const text = v.optional(Text);
const flag = v.optional(Flag, false);
const runArgs = { runas: text, env: v.optional(Dict) };
const dir = v.optional(AbsolutePath);
const WHERE = 'Packages are global, unless dir says below which folder. runas is who runs it.';

export default defineModule({
  summary: 'Install packages of Node.js with npm.',
  unavailable: ({ root }) => (hasProgram(root, 'npm') ? undefined : 'npm is not installed'),
  functions: {
    install: fn({
      summary: 'Install packages, or what the package.json of a folder asks for.',
      description: `With silent=True, which is the default, npm writes no warnings.\n\n${WHERE}`,
      args: {
        pkg: text,
        pkgs: v.optional(TextList, []),
        dir,
        runas: text,
        registry: text,
        env: v.optional(Dict),
        dry_run: flag,
        silent: v.optional(Flag, true),
      },
      returns: 'what npm tells of it.',
      examples: [
        "salt '*' npm.install coffee-script",
        "salt '*' npm.install pkgs='[express, left-pad@1.3.0]' dir=/srv/app",
        "salt '*' npm.install dir=/srv/app",
      ],
      async run(context, { pkg, pkgs, registry, dry_run: dryRun, silent, ...where }) {
        const names = (pkgs.length > 0 ? pkgs : pkg === undefined ? [] : [pkg]).map(packageWord);
        if (names.length === 0 && where.dir === undefined) {
          throw new FleetError('ARGS_INVALID', 'no package is named', { hint: 'give pkg, pkgs or dir' });
        }
        const stdout = await requireNpm(context, where, [
          'install',
          // Not --silent, with which npm tells nothing of what it did either.
          ...(silent ? ['--loglevel=error'] : []),
          '--json',
          ...scope(where.dir),
          ...(registry === undefined ? [] : [`--registry=${registry}`]),
          ...(dryRun ? ['--dry-run'] : []),
          ...names,
        ]);
        return parseJson(stdout) ?? stdout.trim();
      },
    }),
    uninstall: fn({
      summary: 'Remove a package.',
      description: WHERE,
      args: { pkg: Text, dir, ...runArgs },
      returns: 'whether npm could.',
      examples: ["salt '*' npm.uninstall coffee-script", "salt '*' npm.uninstall express dir=/srv/app"],
      async run(context, { pkg, ...where }) {
        return succeeds(context, where, ['uninstall', '--loglevel=error', ...scope(where.dir), packageWord(pkg)]);
      },
    }),
    list: fn({
      summary: 'Return the installed packages, or one of them.',
      description: `depth is how many levels of dependencies are told.\n\n${WHERE}`,
      args: { pkg: text, dir, ...runArgs, depth: v.optional(Count) },
      returns: 'a mapping of names to what npm tells of them.',
      examples: ["salt '*' npm.list", "salt '*' npm.list dir=/srv/app depth=1"],
      reads: true,
      async run(context, { pkg, depth, ...where }) {
        const answer = await askNpm(context, where, [
          'list',
          '--json',
          ...scope(where.dir),
          ...(depth === undefined ? [] : [`--depth=${depth}`]),
          ...(pkg === undefined ? [] : [packageWord(pkg)]),
        ]);
        return answer.dependencies ?? {};
      },
    }),
    cache_path: fn({
      summary: 'Return the folder of the cache.',
      args: runArgs,
      examples: ["salt '*' npm.cache_path"],
      reads: true,
      run: async (context, where) => (await requireNpm(context, where, ['config', 'get', 'cache'])).trim(),
    }),
    cache_list: fn({
      summary: 'Return what the cache has, as npm lists it.',
      args: { path: text, ...runArgs },
      examples: ["salt '*' npm.cache_list", "salt '*' npm.cache_list express@4.19.2"],
      reads: true,
      async run(context, { path, ...where }) {
        return (
          await requireNpm(context, where, ['cache', 'ls', ...(path === undefined ? [] : [packageWord(path)])])
        ).trim();
      },
    }),
    cache_clean: fn({
      summary: 'Remove what the cache has.',
      description: 'npm wants force=True for the whole cache.',
      args: { path: text, ...runArgs, force: flag },
      returns: 'whether npm could.',
      examples: ["salt '*' npm.cache_clean force=True", "salt '*' npm.cache_clean express@4.19.2"],
      async run(context, { path, force, ...where }) {
        const words = [
          'cache',
          'clean',
          ...(force ? ['--force'] : []),
          ...(path === undefined ? [] : [packageWord(path)]),
        ];
        return succeeds(context, where, words);
      },
    }),
  },
});

function scope(folder: string | undefined): readonly string[] {
  return folder === undefined ? ['--global'] : [];
}

/** A name, with a version or a scope, an address or a path: never an option. */
function packageWord(word: string): string {
  if (/^[\w@./~]/.test(word)) return word;
  throw new FleetError('ARGS_INVALID', `'${word}' is not the name of a package`);
}

/** As Salt has it: the reason goes to the log. */
async function succeeds(
  context: MinionContext,
  where: Parameters<typeof runNpm>[1],
  words: readonly string[],
): Promise<boolean> {
  const { retcode, stdout, stderr } = await runNpm(context, where, words);
  if (retcode !== 0) context.log.error(`npm ${words[0]} failed: ${stderr.trim() || stdout.trim()}`);
  return retcode === 0;
}
