import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'Version and features of systemd.',
  collect: () => ({}),
  async collectOnce({ exec, exists, platform }) {
    const isThere = ['/usr/bin/systemctl', '/bin/systemctl'].some(exists);
    if (platform.kernel !== 'Linux' || !isThere) return {};
    // No file tells the version and the features: they are compiled in.
    const { stdout } = await exec(['systemctl', '--version'], { timeoutMs: 5000 });
    const [first = '', features = ''] = stdout.split('\n');
    const version = first.split(' ')[1];
    return version === undefined ? {} : { systemd: { version, features } };
  },
});
