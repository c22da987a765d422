import type { Lists } from '../provider.ts';
import { rpmName } from './rpm_query.ts';

/**
 * The tables of `list`: `name.arch  version  repository`. What does not fit a line of 80 columns goes on in the next.
 * All versions of a package, in the order given.
 */
export function parseDnfList(text: string, native: string): Lists {
  const lists: Record<string, string[]> = {};
  for (const line of text.replaceAll(/\n[ \t]+(?=\S)/g, ' ').split('\n')) {
    const [, name, arch = '', version = ''] = /^(\S+)\.(\w+)\s+(\S+)\s+(\S+)\s*$/.exec(line) ?? [];
    if (name === undefined || !/\d/.test(version)) continue;
    const key = rpmName(name, arch, native);
    lists[key] = [...(lists[key] ?? []), version.replace(/^0:/, '')];
  }
  return lists;
}

/** Both forms of `versionlock list`: `bash-0:4.4.19-12.el8.*`, and blocks with `Package name:` and `evr =`. */
export function parseVersionLocks(text: string): { readonly name: string; readonly full: string }[] {
  const locks: { name: string; full: string }[] = [];
  for (const line of text.split('\n').map((item) => item.trim())) {
    const block = /^Package name: (\S+)$/.exec(line)?.[1];
    if (block !== undefined) locks.push({ name: block, full: block });
    const last = locks.at(-1);
    const evr = /^evr = (\S+)$/.exec(line)?.[1];
    if (evr !== undefined && last !== undefined) last.full = `${last.name}-${evr}`;
    const [, epoch, name, rest] = /^(?:(\d+):)?([^!\s]\S*?)-((?:\d+:)?[^-\s]+-[^-\s]+)$/.exec(line) ?? [];
    // yum 3 has the epoch in front of the name.
    if (name !== undefined)
      locks.push({ name, full: `${name}-${epoch === undefined ? '' : `${epoch}:`}${rest?.replace(/\.\*$/, '')}` });
  }
  return locks;
}
