import type { MinionContext } from '../../../context.ts';
import type { Lists, Package, PackageInfo } from '../provider.ts';
import { ask, askFor } from '../run_manager.ts';
import { parseRpmVersion } from './rpm_version.ts';

const LIST_FORMAT = String.raw`%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\n`;
const FILES_FORMAT = String.raw`%{NAME}\t%{ARCH}\n[\t%{FILENAMES}\n]`;
/** Between the members and between the packages: texts have lines and blanks. */
const UNIT = '\u001f';
const RECORD = '\u001e';
/** Member of `pkg.info_installed` to rpm's tag. */
const TAGS = {
  name: 'NAME',
  epoch: 'EPOCH',
  version: 'VERSION',
  release: 'RELEASE',
  architecture: 'ARCH',
  install_date_time_t: 'INSTALLTIME',
  build_date_time_t: 'BUILDTIME',
  build_host: 'BUILDHOST',
  group: 'GROUP',
  source: 'SOURCERPM',
  size: 'SIZE',
  license: 'LICENSE',
  packager: 'PACKAGER',
  vendor: 'VENDOR',
  url: 'URL',
  summary: 'SUMMARY',
  description: 'DESCRIPTION',
} as const;
const INFO_FORMAT = `${Object.values(TAGS)
  .map((tag) => `%{${tag}}`)
  .join(UNIT)}${RECORD}`;

const X86_32 = /^(athlon|geode|i[3-6]86|pentium[34])$/;

/** Of another architecture than the machine, a package has that in its name: `glibc.i686`. */
export function rpmName(name: string, arch: string, native: string): string {
  const isSame = arch === native || arch === 'noarch' || (X86_32.test(arch) && X86_32.test(native));
  return isSame || arch === '(none)' || native === '' ? name : `${name}.${arch}`;
}

/** The name of a package without the architecture that may stand behind it. */
export function splitRpmName(name: string): { readonly name: string; readonly arch: string | undefined } {
  const [, bare, arch] =
    /^(.+)\.(noarch|x86_64|i[3-6]86|aarch64|armv[67]hl|ppc64le|ppc64|s390x?|riscv64|src)$/.exec(name) ?? [];
  return { name: bare ?? name, arch };
}

export function nativeArch({ grains }: MinionContext): string {
  const { osarch, cpuarch } = grains.all();
  return String(osarch ?? cpuarch ?? '');
}

export async function listRpmPackages(context: MinionContext): Promise<Package[]> {
  const text = await askFor(context, ['rpm', '-qa', '--queryformat', LIST_FORMAT]);
  return parseRpmPackages(text, nativeArch(context));
}

function parseRpmPackages(text: string, native: string): Package[] {
  const packages = text.split('\n').flatMap((line) => {
    const [name = '', epoch = '', version = '', release = '', arch = ''] = line.split('\t');
    if (arch === '') return [];
    const hasEpoch = epoch !== '(none)' && epoch !== '0';
    return [
      { name: rpmName(name, arch, native), version: `${hasEpoch ? `${epoch}:` : ''}${version}-${release}`, arch },
    ];
  });
  return packages.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export async function listRpmFiles(context: MinionContext, names: readonly string[]): Promise<Lists> {
  const { stdout } = await ask(context, ['rpm', ...queryOf(names), '--queryformat', FILES_FORMAT, ...names]);
  const files: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of stdout.split('\n')) {
    const [name = '', arch = ''] = line.split('\t');
    if (name === '' && arch !== '') current.push(arch);
    if (name === '' || arch === '') continue;
    const key = names.includes(`${name}.${arch}`) ? `${name}.${arch}` : rpmName(name, arch, nativeArch(context));
    current = files[key] ?? [];
    files[key] = current;
  }
  return Object.fromEntries(Object.entries(files).map(([name, list]) => [name, [...new Set(list)].sort()]));
}

export async function findRpmOwner(context: MinionContext, path: string): Promise<string> {
  const { retcode, stdout } = await ask(context, ['rpm', '-qf', '--queryformat', '%{NAME}\\n', path]);
  return retcode === 0 ? (stdout.split('\n')[0] ?? '') : '';
}

/** Name and version of a package file; undefined for what is none. */
export async function identifyRpm(
  context: MinionContext,
  path: string,
): Promise<{ readonly name: string; readonly version: string } | undefined> {
  const { retcode, stdout } = await ask(context, ['rpm', '-qp', '--queryformat', LIST_FORMAT, '--', path]);
  return retcode === 0 ? parseRpmPackages(stdout, nativeArch(context))[0] : undefined;
}

export async function describeRpmPackages(
  context: MinionContext,
  names: readonly string[],
): Promise<Readonly<Record<string, PackageInfo>>> {
  const { stdout } = await ask(context, ['rpm', ...queryOf(names), '--queryformat', INFO_FORMAT, ...names]);
  const infos = stdout.split(RECORD).map((record) => {
    // What is said of a package that is not there comes before the next record.
    const values = record.split(UNIT);
    return values.length === Object.keys(TAGS).length ? describe(values) : {};
  });
  const native = nativeArch(context);
  return Object.fromEntries(
    infos.flatMap((info) => {
      const { name, architecture } = info;
      return name === undefined ? [] : [[rpmName(String(name), String(architecture), native), info]];
    }),
  );
}

function describe(values: readonly string[]): PackageInfo {
  const members: Record<string, unknown> = {};
  for (const [index, key] of Object.keys(TAGS).entries()) {
    const value = values[index] ?? '(none)';
    const text = key === 'name' ? (value.split('\n').at(-1) ?? '') : value;
    if (text === '(none)') continue;
    if (!key.endsWith('_time_t')) members[key] = text;
    else {
      members[key.replace('_time_t', '')] = `${new Date(Number(text) * 1000).toISOString().slice(0, 19)}Z`;
      members[key] = Number(text);
    }
  }
  return members;
}

/** A version of the repositories as rpm and its kin name a package: `name-1:2.3-4.arch`. */
export function rpmSpec(target: { readonly name: string; readonly version: string | undefined }): string {
  if (target.version === undefined) return target.name;
  const { name, arch } = splitRpmName(target.name);
  const { epoch, version, release } = parseRpmVersion(target.version);
  const evr = `${epoch === '0' ? '' : `${epoch}:`}${version}${release === '' ? '' : `-${release}`}`;
  return `${name}-${evr}${arch === undefined ? '' : `.${arch}`}`;
}

function queryOf(names: readonly string[]): readonly string[] {
  return names.length === 0 ? ['-qa'] : ['-q'];
}
