import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import kmod from '../../../../minion/modules/kmod.ts';
import { fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const loaded =
  'kvm_intel 380928 0 - Live 0x0000\nkvm 1146880 1 kvm_intel, Live 0x0000\nirqbypass 16384 1 kvm, Live 0x0\n';
const more = `${loaded}bonding 200704 0 - Live 0x0\ntls 114688 1 bonding, Live 0x0\n`;

async function machine(files: Record<string, string> = {}, answer: { retcode?: number; stderr?: string } = {}) {
  const root = await fixtureRoot({
    'proc/modules': loaded,
    'proc/sys/kernel/osrelease': '6.1.0-9-amd64\n',
    'lib/modules/6.1.0-9-amd64/modules.builtin': 'kernel/fs/ext4/ext4.ko\n',
    'lib/modules/6.1.0-9-amd64/modules.dep':
      'kernel/drivers/net/bonding/bonding.ko.xz: kernel/net/tls/tls.ko.xz\nkernel/net/snd-hda.ko: \nkernel/kvm.ko.zst:\n',
    ...files,
  });
  const become = (text: string) => async () => writeFile(join(root, 'proc/modules'), text);
  const ran: string[] = [];
  const context = fakeContext({
    root,
    async exec(argv, options) {
      ran.push(argv.join(' '));
      if (answer.retcode === undefined) await become(argv[0] === 'rmmod' ? loaded : more)();
      return fakeExec({ [argv.join(' ')]: answer })(argv, options);
    },
  });
  return {
    ...{ context, ran },
    run: (fun: string, args: unknown[] = [], kwargs = {}) => runFunction(context, kmod, `kmod.${fun}`, args, kwargs),
    read: (file: string) => readFile(join(root, file), 'utf8'),
  };
}

test('modules are listed as lsmod shows them, and as depmod found them', async () => {
  const { run } = await machine();
  expect(await run('lsmod')).toEqual([
    { module: 'kvm_intel', size: '380928', depcount: '0', deps: [] },
    { module: 'kvm', size: '1146880', depcount: '1', deps: ['kvm_intel'] },
    { module: 'irqbypass', size: '16384', depcount: '1', deps: ['kvm'] },
  ]);
  expect(await run('mod_list')).toEqual(['irqbypass', 'kvm', 'kvm_intel']);
  expect(await run('available')).toEqual(['bonding', 'ext4', 'kvm', 'snd_hda']);
  expect([await run('check_available', ['snd-hda']), await run('check_available', ['zfs'])]).toEqual([true, false]);
  expect([await run('is_loaded', ['kvm-intel']), await run('is_loaded', ['bonding'])]).toEqual([true, false]);
});

test('a module is loaded with its parameters, and those that came along are told', async () => {
  const { run, ran, read } = await machine({ 'etc/modules': '# modules\nloop\n' });
  expect(await run('load', ['bonding mode=4'], { persist: true })).toEqual(['bonding', 'tls']);
  expect(ran).toEqual(['modprobe -- bonding mode=4']);
  expect(await read('etc/modules')).toBe('# modules\nloop\nbonding mode=4\n');
  expect(await run('mod_list', [true])).toEqual(['bonding', 'loop']);
});

test('a comment becomes a module again, in the file that systemd reads', async () => {
  const file = 'etc/modules-load.d/salt_managed.conf';
  const { run, read } = await machine({ 'run/systemd/system/': '', [file]: '#kvm\n# bonding\nloop\n' });
  await run('load', ['bonding'], { persist: true });
  expect(await read(file)).toBe('#kvm\nbonding\nloop\n');
});

test('what the kernel does not have is not written down', async () => {
  const { run, read } = await machine();
  await run('load', ['wireguard'], { persist: true });
  await expect(read('etc/modules')).rejects.toThrow('ENOENT');
});

test('a module is removed, and its line becomes a comment or goes', async () => {
  const text = 'loop\nbonding mode=4\nbonding2\n';
  const kept = await machine({ 'proc/modules': more, 'etc/modules': text });
  expect(await kept.run('remove', ['bonding'], { persist: true })).toEqual(['bonding', 'tls']);
  expect(await kept.read('etc/modules')).toBe('loop\n#bonding mode=4\nbonding2\n');
  const gone = await machine({ 'proc/modules': more, 'etc/modules': text });
  await gone.run('remove', ['bonding'], { persist: true, comment: false });
  expect(await gone.read('etc/modules')).toBe('loop\nbonding2\n');
});

test('an error of modprobe or rmmod is what comes back', async () => {
  const stderr = 'modprobe: FATAL: Module zfs not found in directory /lib/modules/6.1.0-9-amd64\n';
  const { run, context } = await machine({}, { retcode: 1, stderr });
  expect(await run('load', ['zfs'])).toBe(`Error loading module zfs: ${stderr.trim()}`);
  expect(await run('remove', ['zfs'])).toBe(`Error removing module zfs: ${stderr.trim()}`);
  expect(context.retcodes).toEqual([1, 1]);
  await expect(run('load', ['--all'])).rejects.toThrow('must be the name of a module');
});
