import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'Whether the kernel has ZFS.',
  collect({ exists, platform }) {
    if (platform.kernel !== 'Linux') return {};
    const isLoaded = exists('/sys/module/zfs');
    return { zfs_support: isLoaded, zfs_feature_flags: isLoaded };
  },
});
