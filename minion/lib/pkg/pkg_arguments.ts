import * as v from 'valibot';
import { Count, Flag, List, Text, TextList } from '../../../shared/plugin/args.ts';
import { pyStr } from '../../../shared/python_text.ts';
import type { ProviderOption, RepoChoice } from './provider.ts';
import { packageName } from './targets.ts';

export const flag = v.optional(Flag, false);
export const yes = v.optional(Flag, true);
export const age = v.optional(Count, 0);
export const items = v.optional(List, []);
export const text = v.optional(Text);
export const texts = v.optional(TextList, []);

export const REFRESH =
  'With refresh=True, which is the default, the package lists are fetched first, unless they are younger than\ncache_valid_time seconds.';

/** Of OpenPGP: hexadecimal digits. */
const KEY_ID = /^(0x)?[0-9A-Fa-f]+$/;
const bareKeyId = (id: string) => id.replace(/^0x/, '');
export const KeyId = v.pipe(Text, v.regex(KEY_ID, 'must be hexadecimal'), v.transform(bareKeyId));
export const KeyIds = v.pipe(
  TextList,
  v.everyItem((id) => KEY_ID.test(id), 'must be hexadecimal'),
  v.mapItems(bareKeyId),
);
/** An address that no program takes for an option. */
export const KeyServer = v.pipe(Text, v.regex(/^[^-\s]\S*$/, 'must be the address of a keyserver'));

/** Keyword arguments that choose repositories. */
export const repoEntries = { fromrepo: text, enablerepo: texts, disablerepo: texts };

export interface RepoArgs {
  readonly fromrepo?: string | undefined;
  readonly enablerepo: readonly string[];
  readonly disablerepo: readonly string[];
}

export function repoChoice({ fromrepo, enablerepo, disablerepo }: RepoArgs): RepoChoice {
  return { fromRepo: fromrepo, enableRepo: enablerepo, disableRepo: disablerepo };
}

/** The same as requireOptions takes it. */
export function repoOptions({ fromrepo, enablerepo, disablerepo }: RepoArgs): Partial<Record<ProviderOption, unknown>> {
  return { fromrepo, enablerepo, disablerepo };
}

export function namesOf(args: readonly unknown[]): string[] {
  return args.map((name) => packageName(pyStr(name)));
}

/** Salt gives the value alone when one thing was asked for. */
export function oneOrAll(values: Readonly<Record<string, unknown>>): unknown {
  const all = Object.values(values);
  if (all.length === 0) return '';
  return all.length === 1 ? all[0] : values;
}
