import { delimiter } from 'node:path';
import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'The version of Brine and the environment that commands run in.',
  collect({ version, env, platform, exists }) {
    const path = (env.PATH ?? '').trim();
    return {
      saltversion: version,
      saltversioninfo: version.split(/[.-]/).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      path,
      systempath: path.split(delimiter),
      shell: env.SHELL ?? '/bin/sh',
      // The root of such a system is read-only and changed by snapshots.
      transactional: ['/usr/sbin/transactional-update', '/sbin/transactional-update'].some(exists),
      ps: platform.kernel === 'Linux' ? 'ps -efHww' : 'ps auxwww',
    };
  },
});
