import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'SELinux, where it is installed.',
  collect({ readText, exists }) {
    const enforce = readText('/sys/fs/selinux/enforce')?.trim();
    if (enforce !== undefined) {
      return { selinux: { enabled: true, enforced: enforce === '1' ? 'Enforcing' : 'Permissive' } };
    }
    const isInstalled = ['/usr/sbin/selinuxenabled', '/sbin/selinuxenabled'].some(exists);
    return isInstalled ? { selinux: { enabled: false, enforced: 'Disabled' } } : {};
  },
});
