import { createHash } from 'node:crypto';
import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'The minion: its id, its master and numbers made of them.',
  collect({ id, config, readText }) {
    const machineId = (readText('/etc/machine-id') ?? readText('/var/lib/dbus/machine-id'))?.trim();
    return {
      id,
      master: config.master ?? '',
      server_id: serverId(id),
      ...(machineId !== undefined && machineId !== '' && { machine_id: machineId }),
    };
  },
});

/** 31 bits of a hash of the id, as Salt makes it: servers of MySQL are numbered by it. */
function serverId(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(28) & 0x7fffffff;
}
