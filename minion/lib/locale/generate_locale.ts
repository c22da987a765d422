import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { commandFailed, type ExecResult } from '../exec.ts';
import { fileRoot } from '../file_root.ts';
import { findExecutable } from '../find_executable.ts';
import { searchPath } from '../run_command.ts';
import { joinLocale, type LocaleName, normalLocale, splitLocale } from './locale_name.ts';

const SUPPORTED = '/usr/share/i18n/SUPPORTED';

/** Makes a locale from its sources; undefined when the system has none of that name. */
export async function generateLocale(
  context: MinionContext,
  text: string,
  isVerbose: boolean,
): Promise<ExecResult | undefined> {
  const name = splitLocale(text);
  const isUbuntu = context.grains.all().os === 'Ubuntu';
  const whole = name.charmap === '' ? { ...name, charmap: name.codeset } : name;
  const line = joinLocale(whole);
  if (!hasSources(context, whole, line)) return undefined;
  await listToGenerate(context, line);
  const argv = await generator(context, name, isUbuntu ? normalLocale(text) : line, isVerbose);
  return context.exec(argv);
}

/** Debian and Gentoo list what can be made; elsewhere the sources are looked for. */
function hasSources({ root, grains }: MinionContext, name: LocaleName, line: string): boolean {
  const { os, os_family: family } = grains.all();
  const files = fileRoot(root);
  if (os === 'Debian' || family === 'Gentoo') {
    const supported = files.readText(SUPPORTED);
    if (supported === undefined) throw commandFailed(`there is no ${SUPPORTED}`, 'install the package locales');
    return supported.split('\n').some((entry) => entry.trim() === line);
  }
  const folder = family === 'Suse' ? '/usr/share/locale' : '/usr/share/i18n/locales';
  return files.list(folder).includes(sourceName(name));
}

function sourceName({ language, territory }: LocaleName): string {
  return territory === '' ? language : `${language}_${territory}`;
}

/** locale-gen makes what /etc/locale.gen lists. */
async function listToGenerate({ root }: MinionContext, line: string): Promise<void> {
  const text = fileRoot(root).readText('/etc/locale.gen');
  if (text === undefined) return;
  const lines = text.replace(/\n$/, '').split('\n');
  if (lines.some((old) => old.trim() === line)) return;
  const place = lines.findIndex((old) => /^\s*#\s*(.*?)\s*$/.exec(old)?.[1] === line);
  const changed = place === -1 ? [...lines, line] : lines.with(place, line);
  await writeFileAtomically(join(root, 'etc/locale.gen'), `${changed.join('\n')}\n`);
}

async function generator(
  context: MinionContext,
  name: LocaleName,
  line: string,
  isVerbose: boolean,
): Promise<readonly [string, ...string[]]> {
  const path = searchPath(context);
  if ((await findExecutable('locale-gen', path)) !== undefined) {
    return ['locale-gen', ...(context.grains.all().os_family === 'Gentoo' ? ['--generate'] : []), line];
  }
  if ((await findExecutable('localedef', path)) === undefined) {
    throw commandFailed('Command "locale-gen" or "localedef" was not found on this system.');
  }
  const source = sourceName(name);
  const made = `${source}.${name.codeset}`;
  return ['localedef', '--force', '-i', source, '-f', name.codeset, made, isVerbose ? '--verbose' : '--quiet'];
}
