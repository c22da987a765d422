import { readFile } from 'node:fs/promises';
import { ifThere } from '../../../shared/if_there.ts';
import type { MinionContext } from '../../context.ts';

export type Versions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const PACKAGES = ['cbor-x', 'lmdb', 'mqtt', 'valibot', 'aedes', 'js-yaml'];
const BUILT_IN = ['ares', 'llhttp', 'openssl', 'undici', 'uv', 'v8', 'zlib'];

/** What this minion is made of, in Salt's groups. A part whose version cannot be told is left out. */
export async function versionsInformation(context: MinionContext): Promise<Versions> {
  const dependencies: Record<string, string> = {};
  for (const name of BUILT_IN) {
    const version = process.versions[name];
    if (version !== undefined) dependencies[name] = version;
  }
  for (const name of PACKAGES) {
    const version = await packageVersion(name);
    if (version !== undefined) dependencies[name] = version;
  }
  return {
    'Salt Version': { Brine: context.version },
    'Node Version': { Node: process.versions.node },
    'Dependency Versions': dependencies,
    'System Versions': systemVersions(context.grains.all()),
  };
}

function systemVersions(grains: Readonly<Record<string, unknown>>): Record<string, string> {
  const text = (...names: string[]): string =>
    names
      .map((name) => grains[name])
      .filter((value) => value !== undefined && value !== '')
      .join(' ');
  return {
    dist: text('os', 'osrelease', 'oscodename').toLowerCase(),
    locale: 'utf-8',
    machine: text('cpuarch'),
    release: text('kernelrelease'),
    system: text('kernel'),
    version: text('os', 'osrelease', 'oscodename'),
  };
}

/** Undefined when the package is not beside the program, as in a bundle of one file. */
async function packageVersion(name: string): Promise<string | undefined> {
  const text = await ifThere(readFile(new URL(`../../../node_modules/${name}/package.json`, import.meta.url), 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as { version?: string }).version;
}

/** The same as text: names right-aligned, an almost empty line after each group, as Salt lays it out. */
export function versionsReport(versions: Versions): string {
  const names = Object.values(versions).flatMap((group) => Object.keys(group));
  const width = Math.max('Not Installed'.length, ...names.map((name) => name.length)) + 1;
  const lines: string[] = [];
  for (const [title, group] of Object.entries(versions)) {
    lines.push(`${title}:`);
    const sorted = Object.entries(group).sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    for (const [name, version] of sorted) lines.push(`${name.padStart(width)}: ${version}`);
    lines.push(' ');
  }
  return lines.join('\n');
}
