import { dirname, join } from 'node:path';
import { makeWithParents } from '../../../shared/make_with_parents.ts';
import type { MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { fileRoot } from '../file_root.ts';
import { hasProgram } from '../has_program.ts';
import { runProgram } from '../run_program.ts';
import { linesOf } from '../text_lines.ts';

interface Place {
  readonly file: string;
  readonly variable: string;
}

/** Where a system keeps its locale: the first that is there, and to write the first at all. */
const PLACES: Readonly<Record<string, readonly Place[]>> = {
  Debian: [
    { file: '/etc/default/locale', variable: 'LANG' },
    { file: '/etc/locale.conf', variable: 'LANG' },
  ],
  RedHat: [
    { file: '/etc/locale.conf', variable: 'LANG' },
    { file: '/etc/sysconfig/i18n', variable: 'LANG' },
  ],
  Suse: [
    { file: '/etc/locale.conf', variable: 'LANG' },
    { file: '/etc/sysconfig/language', variable: 'RC_LANG' },
  ],
  Gentoo: [
    { file: '/etc/env.d/02locale', variable: 'LANG' },
    { file: '/etc/locale.conf', variable: 'LANG' },
  ],
};
const USUAL: readonly Place[] = [{ file: '/etc/locale.conf', variable: 'LANG' }];

/** Empty when none is set. */
export function systemLocale(context: MinionContext): string {
  const { file, variable } = placeOf(context);
  return settingsOf(fileRoot(context.root).readText(file) ?? '').get(variable) ?? '';
}

export async function setSystemLocale(context: MinionContext, locale: string): Promise<void> {
  const { root, grains } = context;
  if (fileRoot(root).exists('/run/systemd/system') && hasProgram(root, 'localectl')) {
    const settings = wantedSettings(context, locale);
    await runProgram(context, ['localectl', 'set-locale', ...settings], 'localectl failed');
    return;
  }
  if (grains.all().os_family === 'Gentoo') {
    await runProgram(context, ['eselect', '--brief', 'locale', 'set', locale], 'eselect failed');
    return;
  }
  const { file, variable } = placeOf(context);
  const text = fileRoot(root).readText(file) ?? '';
  await makeWithParents(dirname(join(root, file)));
  await writeFileAtomically(join(root, file), withSetting(text, variable, locale));
}

/** localectl forgets what it is not told again, such as LC_TIME. */
function wantedSettings(context: MinionContext, locale: string): string[] {
  const settings = settingsOf(fileRoot(context.root).readText(placeOf(context).file) ?? '');
  const others = [...settings].filter(([name]) => /^(LANGUAGE|LC_[A-Z]+)$/.test(name));
  return [['LANG', locale], ...others].map(([name, value]) => `${name}=${value}`);
}

function placeOf({ root, grains }: MinionContext): Place {
  const places = PLACES[String(grains.all().os_family)] ?? USUAL;
  return places.find(({ file }) => fileRoot(root).exists(file)) ?? (places[0] as Place);
}

function settingsOf(text: string): Map<string, string> {
  const rows = text.split('\n').map((line) => /^\s*(?:export\s+)?([A-Z_]+)=(["']?)(.*?)\2\s*$/.exec(line));
  return new Map(rows.flatMap((row) => (row === null ? [] : [[row[1] ?? '', row[3] ?? '']])));
}

/** All other lines stay as they are. */
function withSetting(text: string, variable: string, value: string): string {
  const lines = linesOf(text);
  const place = lines.findLastIndex((line) => settingsOf(line).has(variable));
  const start = place === -1 ? '' : (/^\s*export\s+/.exec(lines[place] ?? '')?.[0] ?? '');
  const line = `${start}${variable}="${value}"`;
  return `${(place === -1 ? [...lines, line] : lines.with(place, line)).join('\n')}\n`;
}
