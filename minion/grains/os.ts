import { defineGrains, type GrainSource } from '../grains.ts';
import { readDistribution, releaseGrains } from '../lib/os_release.ts';

export default defineGrains({
  summary: 'Operating system, its release and its family.',
  collect(source) {
    const { kernel } = source.platform;
    if (kernel === 'Linux') return linux(source);
    if (kernel === 'Darwin') return macos(source);
    return { os: kernel, os_family: kernel, osfullname: kernel, osarch: source.platform.cpuarch };
  },
});

function linux(source: GrainSource): Record<string, unknown> {
  const known = readDistribution(source);
  if (known === undefined) return { os: 'Linux', os_family: 'Linux', osarch: source.platform.cpuarch };
  return {
    ...known,
    ...releaseGrains(known.os, known.osfullname, known.osrelease),
    osarch: osarch(source, known.os_family),
  };
}

/** Debian's names of architectures, by the program's own: a 64 bit kernel may run a 32 bit system. */
const debianArchitectures: Readonly<Record<string, string>> = {
  arm: 'armhf',
  ia32: 'i386',
  mips: 'mips',
  mipsel: 'mipsel',
  ppc64: 'ppc64el',
  x64: 'amd64',
};

function osarch({ platform: { arch, cpuarch } }: GrainSource, family: string): string {
  if (family === 'Debian') return debianArchitectures[arch] ?? arch;
  const runs32bits = arch === 'ia32' && cpuarch === 'x86_64';
  return runs32bits ? 'i686' : cpuarch;
}

function macos(source: GrainSource): Record<string, unknown> {
  const plist = source.readText('/System/Library/CoreServices/SystemVersion.plist') ?? '';
  const value = (key: string) => new RegExp(`<key>${key}</key>\\s*<string>([^<]*)`).exec(plist)?.[1];
  const release = value('ProductVersion') ?? '';
  const build = value('ProductBuildVersion');
  const fullName = `${value('ProductName') ?? 'macOS'} ${release}`.trim();
  return {
    os: 'MacOS',
    os_family: 'MacOS',
    osfullname: fullName,
    osrelease: release,
    ...releaseGrains('MacOS', fullName, release),
    ...(build !== undefined && { osbuild: build }),
    osarch: source.platform.cpuarch,
  };
}
