import { posix } from 'node:path';
import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'The init system.',
  collect(source) {
    if (source.platform.kernel === 'Darwin') return { init: 'launchd' };
    return source.platform.kernel === 'Linux' ? { init: linuxInit(source) } : {};
  },
});

/** Programs that are the init system by their own name. */
const named = ['supervisord', 'dumb-init', 'tini', 'runit', 'procd'];

function linuxInit({ exists, readText }: GrainSource): string {
  if (exists('/run/systemd/system')) return 'systemd';
  if (exists('/run/openrc')) return 'openrc';
  const [program = ''] = (readText('/proc/1/cmdline') ?? '').split(/[\0 ]/);
  const name = posix.basename(program);
  if (named.includes(name)) return name;
  if (name === 'my_init') return 'runit';
  if (name !== 'init') return 'unknown';
  // The program has the name of what it is inside.
  const binary = readText(program.startsWith('/') ? program : '/sbin/init')?.toLowerCase() ?? '';
  return ['upstart', 'sysvinit', 'systemd', 'procd'].find((system) => binary.includes(system)) ?? 'unknown';
}
