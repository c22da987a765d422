import { join } from 'node:path';
import * as v from 'valibot';
import { Text } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';
import { writeFileAtomically } from '../atomic_file.ts';
import { fileRoot } from '../file_root.ts';
import { hasProgram } from '../has_program.ts';
import { formatHosts, hostLine, parseHosts } from '../hosts_file.ts';
import { runProgram } from '../run_program.ts';

const HostName = v.pipe(
  Text,
  v.regex(
    /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i,
    'must be a host name such as web1.example.com',
  ),
  v.maxLength(64, 'must have at most 64 characters, the limit of the kernel'),
);

export const renameFunctions = {
  mod_hostname: fn({
    summary: 'Change the host name, now and for the next boot, and in /etc/hosts.',
    args: { hostname: HostName },
    returns: '``True``.',
    examples: ["salt '*' network.mod_hostname web1.example.com"],
    async run(context, { hostname }) {
      const old = fileRoot(context.root).readText('/proc/sys/kernel/hostname')?.trim() ?? '';
      await setName(context, hostname);
      await replaceInHosts(context, old, hostname);
      await context.grains.refresh();
      return true;
    },
  }),
};

async function setName(context: MinionContext, hostname: string): Promise<void> {
  const files = fileRoot(context.root);
  if (files.exists('/run/systemd/system') && hasProgram(context.root, 'hostnamectl')) {
    await runProgram(context, ['hostnamectl', 'set-hostname', hostname], 'hostnamectl failed');
    return;
  }
  await runProgram(context, ['hostname', hostname], 'hostname failed');
  await writeFileAtomically(join(context.root, 'etc/hostname'), `${hostname}\n`);
  const network = files.readText('/etc/sysconfig/network');
  if (network === undefined || !/^HOSTNAME=/m.test(network)) return;
  const changed = network.replace(/^HOSTNAME=.*$/gm, () => `HOSTNAME=${hostname}`);
  await writeFileAtomically(join(context.root, 'etc/sysconfig/network'), changed);
}

async function replaceInHosts({ root }: MinionContext, old: string, hostname: string): Promise<void> {
  const text = fileRoot(root).readText('/etc/hosts') ?? '';
  const lines = parseHosts(text);
  if (old === '' || !lines.some(({ names }) => names.includes(old))) return;
  const changed = lines.map((line) => {
    if (line.ip === undefined || !line.names.includes(old)) return line;
    const names = line.names.map((name) => (name === old ? hostname : name));
    return hostLine(line.ip, [...new Set(names)], line.comment);
  });
  await writeFileAtomically(join(root, 'etc/hosts'), formatHosts(changed));
}
