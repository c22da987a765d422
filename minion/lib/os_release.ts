import type { FileRoot } from './file_root.ts';
import { osFamily, osName } from './os_names.ts';

type Fields = Readonly<Record<string, string>>;

/** The assignments of a file such as /etc/os-release, without their quotes and backslashes. */
function parseAssignments(text: string | undefined): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of (text ?? '').split('\n')) {
    const [, key, value = ''] = /^\s*(\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) fields[key] = value.replace(/^(['"])(.*)\1$/, '$2').replace(/\\([$"'\\`])/g, '$1');
  }
  return fields;
}

/** What is known of a distribution, by the names of the grains. */
interface Distribution {
  readonly os: string;
  readonly os_family: string;
  readonly osfullname: string;
  /** Empty for a distribution that has no releases. */
  readonly osrelease: string;
  readonly oscodename: string;
  readonly lsb_distrib_id: string;
  readonly lsb_distrib_release?: string;
  readonly lsb_distrib_codename?: string;
  readonly lsb_distrib_description?: string;
}

/** Reads os-release, and the older files where it says less; undefined when there is none. */
export function readDistribution(files: FileRoot): Distribution | undefined {
  const text = files.readText('/etc/os-release') ?? files.readText('/usr/lib/os-release');
  if (text === undefined) return undefined;
  const release = { NAME: 'Linux', ID: 'linux', ...parseAssignments(text) } as Fields & { NAME: string; ID: string };
  const lsb = readLsb(files, release);
  const os = cpeOf(release).vendor?.endsWith('suse') ? 'SUSE' : osName(release.NAME);
  return {
    os,
    os_family: osFamily(os, `${release.ID} ${release.ID_LIKE ?? ''}`),
    osfullname: release.NAME === 'openSUSE Leap' ? 'Leap' : release.NAME.trim(),
    osrelease: releaseOf(files, release, lsb),
    oscodename: codenameOf(release, lsb),
    ...lsb,
  };
}

type Lsb = Pick<Distribution, Extract<keyof Distribution, `lsb_${string}`>>;

/** From /etc/lsb-release, or else what os-release says in its stead. */
function readLsb(files: FileRoot, release: Fields & { NAME: string }): Lsb {
  const { DISTRIB_ID, DISTRIB_RELEASE, DISTRIB_CODENAME, DISTRIB_DESCRIPTION } = parseAssignments(
    files.readText('/etc/lsb-release'),
  );
  const ours = DISTRIB_ID !== undefined;
  const version = ours ? DISTRIB_RELEASE : (openSuseVersion(release) ?? release.VERSION_ID);
  const codename = ours ? DISTRIB_CODENAME : (release.VERSION_CODENAME ?? release.PRETTY_NAME);
  return {
    lsb_distrib_id: ours ? DISTRIB_ID : release.NAME.trim(),
    ...(version !== undefined && { lsb_distrib_release: version }),
    ...(codename !== undefined && { lsb_distrib_codename: codename }),
    ...(ours && DISTRIB_DESCRIPTION !== undefined && { lsb_distrib_description: DISTRIB_DESCRIPTION }),
  };
}

function releaseOf(files: FileRoot, release: Fields, lsb: Lsb): string {
  // CentOS 7 and 8 name only the major release in os-release: https://bugs.centos.org/view.php?id=8359
  const centos = release.PRETTY_NAME?.startsWith('CentOS Linux') ? files.readText('/etc/centos-release') : undefined;
  const exact = /\d+(\.\d+)+/.exec(centos ?? '')?.[0];
  // Debian testing and unstable have no VERSION_ID: there this file says `trixie/sid`.
  const debian = release.ID === 'debian' ? files.readText('/etc/debian_version') : undefined;
  return (exact ?? lsb.lsb_distrib_release ?? release.VERSION_ID ?? mendelVersion(release) ?? debian ?? '').trim();
}

/** Mendel names its version in PRETTY_NAME alone: `Mendel GNU/Linux 5 (Eagle)`. */
function mendelVersion({ ID, PRETTY_NAME }: Fields): string | undefined {
  return ID === 'mendel' ? PRETTY_NAME?.split(/\s+/)[2] : undefined;
}

function codenameOf(release: Fields, lsb: Lsb): string {
  if (release.ID === 'astra') return release.VARIANT_ID ?? '';
  // Red Hat and its rebuilds have their codename in brackets: `9.4 (Blue Onyx)`.
  const isRebuild = release.ID === 'almalinux' || release.ID === 'rocky' || release.ID === 'rhel';
  const bracketed = isRebuild ? /^\d\S* \((.+)\)/.exec(release.VERSION ?? '')?.[1] : undefined;
  return bracketed ?? (lsb.lsb_distrib_codename ?? '').trim();
}

/** For openSUSE the version in the CPE name comes first, which Salt takes since VERSION_ID was once wrong. */
function openSuseVersion(release: Fields): string | undefined {
  const { vendor, version } = cpeOf(release);
  return vendor === 'opensuse' && version !== '' ? version : undefined;
}

/** `cpe:/o:opensuse:leap:15.6`, see NISTIR 7695. */
function cpeOf({ CPE_NAME = '' }: Fields): { vendor?: string | undefined; version?: string | undefined } {
  const [, vendor, version] = /^cpe:\/o:([^:]+):[^:]*:?([^:]*)/.exec(CPE_NAME) ?? [];
  return { vendor: vendor?.toLowerCase(), version };
}

/** The grains that follow from the release (GRN-3). */
export function releaseGrains(os: string, fullName: string, release: string): Record<string, unknown> {
  if (release === '') return {};
  const info = release.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const hasShortName = ['Debian', 'FreeBSD', 'NetBSD', 'OpenBSD', 'Raspbian'].includes(os);
  const hasLongRelease = os === 'Ubuntu' || os === 'Pop';
  return {
    osrelease_info: info,
    ...(typeof info[0] === 'number' && { osmajorrelease: info[0] }),
    osfinger: `${hasShortName ? os : fullName}-${hasLongRelease ? release : info[0]}`,
  };
}
