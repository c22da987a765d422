import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Logical volumes, and the names of this machine in storage networks.',
  collect(source) {
    const lvm = logicalVolumes(source);
    const names = {
      iscsi_iqn: matchesIn(source, '/etc/iscsi/initiatorname.iscsi', /^InitiatorName=(\S+)/gm),
      nvme_nqn: matchesIn(source, '/etc/nvme/hostnqn', /^(nqn\.\S+)/gm),
      fc_wwn: source
        .list('/sys/class/fc_host')
        .flatMap((host) => matchesIn(source, `/sys/class/fc_host/${host}/port_name`, /^0x([0-9a-f]+)/gm)),
    };
    const known = Object.entries(names).filter(([, values]) => values.length > 0);
    return { ...Object.fromEntries(known), ...(Object.keys(lvm).length > 0 && { lvm }) };
  },
});

/** Parts of a volume, which lvs does not show either. */
const HIDDEN = /_([cr]meta|[cr]data|tmeta|tdata|rimage|mimage|mlog|pmspare|vorigin)(_\d+)?$/;

/** Those that are active, by volume group. The kernel knows `group-volume`, with dashes of the names twice. */
function logicalVolumes({ list, readText }: GrainSource): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const device of list('/sys/block').filter((name) => name.startsWith('dm-'))) {
    const uuid = readText(`/sys/block/${device}/dm/uuid`)?.trim() ?? '';
    const name = readText(`/sys/block/${device}/dm/name`)?.trim() ?? '';
    const [, group, volume] = /^((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(name) ?? [];
    // What has a suffix behind its two identifiers is a layer of a volume.
    if (!/^LVM-[0-9A-Za-z]{64}$/.test(uuid) || group === undefined || volume === undefined) continue;
    if (HIDDEN.test(volume)) continue;
    const key = group.replaceAll('--', '-');
    groups[key] = [...(groups[key] ?? []), volume.replaceAll('--', '-')].sort();
  }
  return groups;
}

function matchesIn({ readText }: GrainSource, path: string, pattern: RegExp): string[] {
  return [...(readText(path) ?? '').matchAll(pattern)].map(([, value = '']) => value);
}
