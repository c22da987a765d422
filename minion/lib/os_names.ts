/** The names that Salt gives to distributions (GRN-3). */

/** `NAME` of os-release without "Linux" and blanks, lower-case, ten characters at most, to the grain `os`. */
const names: Readonly<Record<string, string>> = {
  alibabaclo: 'Alinux',
  almalinux: 'AlmaLinux',
  alt: 'ALT',
  amazonami: 'Amazon',
  antergos: 'Antergos',
  arch: 'Arch',
  archarm: 'Arch ARM',
  chapeau: 'Chapeau',
  cloudlinux: 'CloudLinux',
  cloudserve: 'CloudLinux',
  debian: 'Debian',
  enterprise: 'OEL',
  fedoraremi: 'Fedora',
  gentoobase: 'Gentoo',
  korora: 'Korora',
  linuxmint: 'Mint',
  manjaro: 'Manjaro',
  manjarolin: 'Manjaro',
  mendel: 'Mendel',
  neon: 'KDE neon',
  nilrt: 'NILinuxRT',
  oracleserv: 'OEL',
  pidora: 'Fedora',
  poky: 'Poky',
  pop: 'Pop',
  'pop!_os': 'Pop',
  raspbian: 'Raspbian',
  redhatente: 'RedHat',
  rocky: 'Rocky',
  scientific: 'ScientificLinux',
  sles: 'SUSE',
  slesexpand: 'RES',
  synology: 'Synology',
  univention: 'Univention',
  void: 'Void',
};

const families: Readonly<Record<string, readonly string[]>> = {
  Arch: ['Antergos', 'Arch ARM', 'EndeavourOS', 'Manjaro', 'Manjaro ARM'],
  Bluewhite: ['Bluewhite64'],
  Debian: [
    ...['AstraLinuxCE', 'AstraLinuxSE', 'Cumulus', 'Deepin', 'Devuan', 'GCEL', 'IDMS', 'KDE neon', 'Kali', 'Linaro'],
    ...['Mendel', 'Mint', 'OSMC', 'Parrot OS', 'Pop', 'Raspbian', 'Trisquel', 'TurnKey', 'Ubuntu', 'Univention'],
    ...['antiX', 'elementary', 'elementary OS', 'neon'],
  ],
  Gentoo: ['Funtoo'],
  Mandriva: ['Mandrake'],
  RedHat: [
    ...[
      'ALT',
      'Alinux',
      'AlmaLinux',
      'Amazon',
      'CentOS',
      'CentOS Stream',
      'Chapeau',
      'CloudLinux',
      'FedBerry',
      'Fedora',
    ],
    ...[
      'GoOSe',
      'Korora',
      'OEL',
      'OVS',
      'RES',
      'Rocky',
      'Sangoma',
      'Scientific',
      'ScientificLinux',
      'VMware Photon OS',
    ],
    ...['XCP', 'XCP-ng', 'XenServer'],
  ],
  Slackware: ['Slamd64'],
  Suse: [
    ...['SLED', 'SLES', 'SLES_SAP', 'SUSE', 'SUSE  Enterprise Server', 'SUSE Enterprise Server', 'openSUSE'],
    ...['openSUSE Leap', 'openSUSE Tumbleweed'],
  ],
  VMware: ['VMwareESX'],
};

const familyOf = new Map(Object.entries(families).flatMap(([family, list]) => list.map((os) => [os, family])));

/** `ID` and `ID_LIKE` of os-release to a family, for a derivative that has no name above. */
const familyOfId = new Map([
  ['alpine', 'Alpine'],
  ['arch', 'Arch'],
  ['centos', 'RedHat'],
  ['debian', 'Debian'],
  ['fedora', 'RedHat'],
  ['gentoo', 'Gentoo'],
  ['opensuse', 'Suse'],
  ['rhel', 'RedHat'],
  ['sles', 'Suse'],
  ['suse', 'Suse'],
  ['ubuntu', 'Debian'],
]);

/** The grain `os` of a distribution's full name. */
export function osName(fullName: string): string {
  if (fullName === 'Astra Linux (Orel)') return 'AstraLinuxCE';
  if (fullName === 'Astra Linux (Smolensk)') return 'AstraLinuxSE';
  const name = fullName.replace(/\W(gnu\/)?linux/gi, '').trim();
  return names[name.replaceAll(' ', '').toLowerCase().slice(0, 10)] ?? name;
}

/** The grain `os_family`; an unknown distribution that is like no other is a family of its own. */
export function osFamily(os: string, idLike: string): string {
  const family = familyOf.get(os);
  if (family !== undefined) return family;
  const known = idLike.split(/\s+/).map((id) => familyOfId.get(id));
  return known.find((like) => like !== undefined) ?? os;
}
