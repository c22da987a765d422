import type { Lists, Versions } from '../provider.ts';

/** The attributes of all elements of that name in the XML of `--xmlout`. */
function parseElements(xml: string, name: string): Readonly<Record<string, string>>[] {
  return [...xml.matchAll(new RegExp(`<${name}\\s([^>]*?)/?>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, unescapeXml(value)]),
    ),
  );
}

function unescapeXml(text: string): string {
  const signs: Readonly<Record<string, string>> = { amp: '&', apos: "'", gt: '>', lt: '<', quot: '"' };
  return text.replaceAll(/&(\w+);/g, (whole, name: string) => signs[name] ?? whole);
}

/** Of `list-updates`: name to the version that it would get. */
export function parseZypperUpdates(xml: string): Versions {
  const updates = parseElements(xml, 'update').filter(({ kind }) => kind === undefined || kind === 'package');
  return Object.fromEntries(updates.map(({ name = '', edition = '' }) => [name, edition]));
}

/** Of `search --details`: each name's versions in the repositories. */
export function parseZypperSearch(xml: string): Lists {
  const lists: Record<string, string[]> = {};
  for (const { name = '', edition = '', repository = '' } of parseElements(xml, 'solvable')) {
    if (repository === '(System Packages)' || edition === '') continue;
    lists[name] = [...new Set([...(lists[name] ?? []), edition])];
  }
  return lists;
}

/** Of `info`: name to the version of the repositories. */
export function parseZypperInfo(text: string): Versions {
  const versions: Record<string, string> = {};
  for (const block of text.split(/^Information for package .*$/m).slice(1)) {
    const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.+?)\\s*$`, 'm').exec(block)?.[1];
    const name = field('Name');
    const version = field('Version');
    if (name !== undefined && version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Of `refresh`: repository to whether it was fetched. */
export function parseZypperRefresh(text: string): Readonly<Record<string, boolean | null>> {
  const results: Record<string, boolean | null> = {};
  for (const line of text.split('\n')) {
    const name = /'([^']+)'/.exec(line)?.[1];
    if (name === undefined) continue;
    if (/^Repository '.*' is up to date/.test(line)) results[name] = null;
    if (/^(Retrieving|Building) repository '.*done\]$/.test(line)) results[name] = true;
    if (/^(Skipping|Problem retrieving|Error)|error\]$/.test(line)) results[name] = false;
  }
  return results;
}
