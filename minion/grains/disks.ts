import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Disks, solid state disks and software RAID.',
  collect(source) {
    if (!source.exists('/sys/block')) return {};
    const mdstat = source.readText('/proc/mdstat');
    return {
      disks: disks(source, '1'),
      ssds: disks(source, '0'),
      ...(mdstat !== undefined && { mdadm: [...mdstat.matchAll(/^(md\S*) : /gm)].map(([, name]) => name) }),
    };
  },
});

/** Loop devices, RAID and volumes have no device behind them. */
function disks({ list, exists, readText }: GrainSource, rotational: '0' | '1'): string[] {
  return list('/sys/block')
    .filter((name) => exists(`/sys/block/${name}/device`))
    .filter((name) => readText(`/sys/block/${name}/queue/rotational`)?.trim() === rotational);
}
