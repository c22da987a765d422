import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeWithParents } from '../../shared/make_with_parents.ts';
import { Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { fileRoot } from '../lib/file_root.ts';
import { hasProgram } from '../lib/has_program.ts';
import { runProgram } from '../lib/run_program.ts';
import { clockFunctions } from '../lib/system/clock_functions.ts';
import { prettyHostname, withPrettyHostname } from '../lib/system/machine_info.ts';
import { powerFunctions } from '../lib/system/power.ts';

const MACHINE_INFO = '/etc/machine-info';
/** Gone with the next boot, as it has to be. */
const WITNESS = '/run/salt/reboot_witnessed';
/** What Debian's packages leave behind when they need a reboot. */
const REQUIRED = '/run/reboot-required';

export default defineModule({
  summary: 'Reboot and shut down the machine; its clock, its name, its description.',
  unavailable: ({ grains }) =>
    grains.all().kernel === 'Linux' ? undefined : 'only on Linux the machine is shut down and set in this way',
  functions: {
    ...powerFunctions,
    ...clockFunctions,
    get_computer_name: fn({
      summary: 'Return the host name.',
      args: {},
      examples: ["salt '*' system.get_computer_name"],
      reads: true,
      run: (context) => context.call('network.get_hostname'),
    }),
    set_computer_name: fn({
      summary: 'Change the host name.',
      args: { hostname: Text },
      returns: '``True``.',
      examples: ["salt '*' system.set_computer_name web1.example.com"],
      run: (context, { hostname }) => context.call('network.mod_hostname', [hostname]),
    }),
    get_computer_desc: fn({
      summary: 'Return the description of the machine: PRETTY_HOSTNAME in /etc/machine-info.',
      args: {},
      returns: '``False`` when there is none.',
      examples: ["salt '*' system.get_computer_desc"],
      reads: true,
      run: ({ root }) => prettyHostname(fileRoot(root).readText(MACHINE_INFO) ?? '') ?? false,
    }),
    set_computer_desc: fn({
      summary: 'Set the description of the machine.',
      args: { desc: Text },
      returns: '``True``.',
      examples: [`salt '*' system.set_computer_desc "Michael's laptop"`],
      run: (context, { desc }) => setDescription(context, desc),
    }),
    set_reboot_required_witnessed: fn({
      summary: 'Remember until the next boot that a reboot is required.',
      args: {},
      returns: '``True``.',
      examples: ["salt '*' system.set_reboot_required_witnessed"],
      async run({ root }) {
        const path = join(root, WITNESS);
        await makeWithParents(dirname(path));
        await writeFile(path, '');
        return true;
      },
    }),
    get_reboot_required_witnessed: fn({
      summary: 'Return whether something has said since the boot that a reboot is required.',
      description: `That is system.set_reboot_required_witnessed, or a package that left ${REQUIRED} behind.`,
      args: {},
      examples: ["salt '*' system.get_reboot_required_witnessed"],
      reads: true,
      run: ({ root }) => [WITNESS, REQUIRED].some((path) => fileRoot(root).exists(path)),
    }),
  },
});

async function setDescription(context: MinionContext, desc: string): Promise<true> {
  const { root } = context;
  const files = fileRoot(root);
  if (files.exists('/run/systemd/system') && hasProgram(root, 'hostnamectl')) {
    await runProgram(context, ['hostnamectl', 'set-hostname', '--pretty', '--', desc], 'hostnamectl');
    return true;
  }
  const text = files.readText(MACHINE_INFO) ?? '';
  await writeFileAtomically(join(root, MACHINE_INFO), withPrettyHostname(text, desc));
  return true;
}
