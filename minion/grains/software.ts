import { delimiter } from 'node:path';
import { programPath } from '../../shared/plugin/load_folder.ts';
import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'Brine, its version and where it is, and the environment that commands run in.',
  collect({ version, env, platform, exists }) {
    const path = (env.PATH ?? '').trim();
    return {
      saltversion: version,
      saltversioninfo: version.split(/[.-]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      saltpath: programPath(),
      path,
      systempath: path.split(delimiter),
      shell: env.SHELL ?? '/bin/sh',
      // The root of such a system is read-only and changed by snapshots.
      transactional: ['/usr/sbin/transactional-update', '/sbin/transactional-update'].some(exists),
      ps: platform.kernel === 'Linux' ? 'ps -efHww' : 'ps auxwww',
    };
  },
});
