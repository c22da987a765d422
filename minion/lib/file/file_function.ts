import { homedir } from 'node:os';
import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Text } from '../../../shared/plugin/args.ts';
import type { ArgEntries, ArgValues, FunctionSpec } from '../../../shared/plugin/function.ts';
import { fn, type MinionContext, type MinionFunction } from '../../context.ts';
import { findUser, readAccounts } from '../accounts.ts';
import { osErrorText } from '../os_error.ts';

/** A path as an operator types it: `~` and `~user` at its start stand for home directories. */
export const FilePath = v.pipe(Text, v.description('path'));

/**
 * A function on files: its FilePath arguments arrive with home directories put in, and the operating system's errors
 * leave as COMMAND_FAILED in Python's words.
 */
export function fileFn<const E extends ArgEntries>(spec: FunctionSpec<MinionContext, E>): MinionFunction {
  const pathNames = Object.keys(spec.args).filter((name) => spec.args[name] === FilePath);
  return fn({
    ...spec,
    async run(context, args, extra) {
      const expanded: Record<string, unknown> = { ...args };
      for (const name of pathNames) expanded[name] = await expandUser(context, expanded[name] as string);
      try {
        return await spec.run(context, expanded as ArgValues<E>, extra);
      } catch (error) {
        const text = osErrorText(error);
        throw text === undefined ? error : new FleetError('COMMAND_FAILED', text, { cause: error });
      }
    },
  });
}

/** Throws ARGS_INVALID with Salt's text. */
export function requireAbsolute(path: string, text: string): void {
  if (!path.startsWith('/')) throw new FleetError('ARGS_INVALID', text);
}

async function expandUser(context: MinionContext, path: string): Promise<string> {
  const match = /^~([^/]*)/.exec(path);
  if (match === null) return path;
  const [prefix, name = ''] = match;
  const home = name === '' ? homedir() : findUser(await readAccounts(context.root), name)?.home;
  return home === undefined ? path : home + path.slice(prefix.length);
}
