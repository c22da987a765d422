import { FleetError } from '../../../shared/errors.ts';
import { isDict, pyStr } from '../../../shared/python_text.ts';

/** One package that was asked for; without a version, any will do. */
export interface Target {
  readonly name: string;
  readonly version: string | undefined;
}

/**
 * What Salt's `name`, `version` and `pkgs` mean together: pkgs wins, name may be several with commas between them, and
 * version is for a single name. Throws ARGS_INVALID.
 */
export function parseTargets(
  name: string | undefined,
  version: string | undefined,
  pkgs: readonly unknown[],
): Target[] {
  if (pkgs.length > 0) return pkgs.flatMap(parseItem);
  const names = (name ?? '').split(',').filter((item) => item !== '');
  if (names.length === 0) throw invalid('no package is named', 'give name, or pkgs as a list');
  if (names.length > 1 && version !== undefined) {
    throw invalid('version is for one package and several are named', 'give pkgs as a list of name: version');
  }
  return names.map((item) => ({ name: packageName(item), version }));
}

/** `foo`, or `{foo: version}`; a version of None means any. */
function parseItem(item: unknown): Target[] {
  if (!isDict(item)) return [{ name: packageName(pyStr(item)), version: undefined }];
  return Object.entries(item).map(([name, version]) => ({
    name: packageName(name),
    version: version === null || version === undefined ? undefined : pyStr(version),
  }));
}

/** It becomes an argument: no option, and no `-` at the end, which tells apt to remove. */
export function packageName(text: string): string {
  const name = text.trim();
  if (/^[A-Za-z0-9*?[][^\s/=]*$/.test(name) && !name.endsWith('-')) return name;
  throw invalid(`'${text}' is not the name of a package`);
}

/** For a package manager that does not tell of all packages at once. Throws ARGS_INVALID. */
export function requireNames(program: string, names: readonly string[]): void {
  if (names.length === 0) throw invalid(`${program} does not tell of all packages at once`, 'name some');
}

/** The paths in Salt's `sources`, a list of `{name: path}`. Throws ARGS_INVALID. */
export function parseSources(sources: readonly unknown[]): string[] {
  return sources
    .flatMap((source) => (isDict(source) ? Object.values(source) : [source]))
    .map((path) => {
      if (typeof path === 'string' && path.startsWith('/')) return path;
      throw invalid(`the source '${pyStr(path)}' is not an absolute path`, 'put the file on the minion first');
    });
}

/** Comparisons such as `>=1.2` or `>=1.2,<2`; undefined for a plain version. */
export function versionConditions(
  version: string,
  compare: (a: string, b: string) => number,
): ((candidate: string) => boolean) | undefined {
  if (!/^[<>=!]/.test(version)) return undefined;
  const conditions = version.split(',').map((text) => {
    const [, operator = '', wanted = ''] = /^\s*(<=|>=|==|!=|<|>|=)\s*([A-Za-z0-9]\S*)\s*$/.exec(text) ?? [];
    if (wanted === '') throw invalid(`'${text}' is not a version condition`, 'write it as >=1.2 or <2');
    return { operator, wanted };
  });
  return (candidate) => conditions.every(({ operator, wanted }) => holds(operator, compare(candidate, wanted)));
}

function holds(operator: string, order: number): boolean {
  if (operator === '!=') return order !== 0;
  if (order === 0) return operator.endsWith('=');
  return operator.startsWith(order < 0 ? '<' : '>');
}

function invalid(message: string, hint?: string): FleetError {
  return new FleetError('ARGS_INVALID', message, hint === undefined ? {} : { hint });
}
