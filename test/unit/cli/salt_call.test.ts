import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Terminal } from '../../../cli/command_line.ts';
import { runSaltCall } from '../../../cli/salt_call.ts';
import { makeTemporaryDir } from '../../support/temporary_dir.ts';

const { path: dir, remove } = makeTemporaryDir();
const user = userInfo().username;
const publicKey = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ1Yk0pUkTjIyZ4JhF8b9QW2w2aVnqVQwP8o1b3mXn2d';
const file = (name: string): string => join(dir, name);
beforeAll(() => {
  const config = [
    'id: m1',
    `root_dir: ${dir}`,
    'grains: {roles: [web, db], deep: {er: 1}}',
    'disable_modules: [status]',
    'osenv: {driver: env}',
  ];
  writeFileSync(file('minion'), `${config.join('\n')}\n`);
  writeFileSync(file('a.txt'), 'one\ntwo\n');
  writeFileSync(file('fstab'), '# none yet\n');
  chmodSync(file('a.txt'), 0o640);
  mkdirSync(file('mods'));
  chmodSync(file('mods'), 0o755);
  const source =
    "export default { summary: 'S.', functions: { f: { summary: 'F.', args: {}, examples: [], run: () => 7 } } };";
  writeFileSync(file('mods/own.js'), source);
});
afterAll(remove);

async function saltCall(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    isTerminal: false,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    onInterrupt: () => undefined,
    width: () => undefined,
    status: () => undefined,
  };
  const status = await runSaltCall(['-c', dir, ...args], terminal);
  return { status, out: out.join('\n'), err };
}

/** What Salt documents, or prints, for `salt-call --local <words>`, as JSON has it. */
const calls: readonly (readonly [words: readonly string[], value: unknown, status?: number])[] = [
  [['test.ping'], true],
  [['test.true'], true],
  [['test.false'], false],
  [['test.echo', 'foo bar baz quo qux'], 'foo bar baz quo qux'],
  [['test.echo', '5'], 5],
  [['test.echo', 'text=a=b'], 'a=b'],
  [['test.echo', 'None'], null],
  [
    ['test.echo', '[1, 2]'],
    [1, 2],
  ],
  [['test.echo', '1_000'], '1_000'],
  [['test.kwarg', 'num=1', 'txt=two', 'env={a: 1, b: "hello"}'], { num: 1, txt: 'two', env: { a: 1, b: 'hello' } }],
  [
    ['test.arg', '1', 'two', '3.1', 'txt=hello', 'wow={a: 1, b: "hello"}'],
    { args: [1, 'two', 3.1], kwargs: { txt: 'hello', wow: { a: 1, b: 'hello' } } },
  ],
  [['test.arg_type', '1', "'int'"], { args: ["<class 'int'>", "<class 'str'>"], kwargs: {} }],
  [['test.retcode', '42'], true, 1],
  [['test.assertion', 'True'], null],
  [['cmd.run', 'echo hi'], 'hi'],
  [['cmd.run', 'echo a | cat', 'python_shell=True'], 'a'],
  [['cmd.run_stdout', 'echo a'], 'a'],
  [['cmd.run_stderr', 'echo a >&2', 'python_shell=True'], 'a'],
  [['cmd.retcode', '/bin/true'], 0],
  [['cmd.retcode', '/bin/false'], 1, 1],
  [['cmd.shell', 'echo $((1+2))'], '3'],
  [['mount.set_fstab', '/mnt/foo', '/dev/sdz1', 'ext4', `config=${file('fstab')}`], 'new'],
  [['mount.set_fstab', '/mnt/foo', '/dev/sdz1', 'ext4', `config=${file('fstab')}`], 'present'],
  [['mount.set_fstab', '/mnt/foo', '/dev/sdz1', 'ext4', 'ro', `config=${file('fstab')}`], 'change'],
  [
    ['mount.fstab', file('fstab')],
    { '/mnt/foo': { device: '/dev/sdz1', fstype: 'ext4', opts: ['ro'], dump: '0', pass: '0' } },
  ],
  [['mount.rm_fstab', '/mnt/foo', '/dev/sdz1', file('fstab')], true],
  [['mount.is_mounted', '/no/such'], false],
  [['mount.umount', '/no/such'], '/no/such does not have anything mounted'],
  [['mount.swapoff', '/no/such'], null],
  [['ps.pgrep', 'no-such-process'], null],
  [['ps.pkill', 'no-such-process'], null],
  // One more than the highest id that Linux gives.
  [['ps.kill_pid', '4194304'], false],
  [['ps.network_io_counters', 'no-such-interface'], false],
  [['ps.disk_io_counters', 'no-such-device'], false],
  [['locale.avail', 'xx_XX.UTF-8'], false],
  [['cmd.has_exec', 'sh'], true],
  [['cmd.has_exec', 'no-such-program'], false],
  [['cmd.which', 'no-such-program'], null],
  [['grains.get', 'id'], 'm1'],
  [
    ['grains.get', 'roles'],
    ['web', 'db'],
  ],
  [['grains.get', 'deep:er'], 1],
  [['grains.get', 'deep.er', 'delimiter=.'], 1],
  [['grains.get', 'nowhere'], ''],
  [['grains.get', 'nowhere', 'default=x'], 'x'],
  [['grains.item', 'id', 'kernel'], { id: 'm1', kernel: 'Linux' }],
  [['grains.has_value', 'roles'], true],
  [['grains.equals', 'deep:er', '1'], true],
  [['grains.filter_by', '{Debian: d, default: x}', 'grain=nowhere'], 'x'],
  [['config.get', 'id'], 'm1'],
  [['config.get', 'deep:er'], 1],
  [['config.get', 'no:such', 'fallback'], 'fallback'],
  [['config.option', 'nowhere'], ''],
  [['config.valid_fileproto', 'salt://a'], true],
  [['match.glob', 'm*'], true],
  [['match.list', 'm1,m2'], true],
  [['match.pcre', 'x.*'], false],
  [['match.grain', 'roles:web'], true],
  [['match.compound', 'm1 and not G@roles:db'], false],
  [['file.file_exists', file('a.txt')], true],
  [['file.directory_exists', file('a.txt')], false],
  [['file.read', file('a.txt')], 'one\ntwo\n'],
  [['file.contains', file('a.txt'), 'two'], true],
  [['file.search', file('a.txt'), '^t'], true],
  [['file.get_mode', file('a.txt')], '0640'],
  [['file.get_hash', file('a.txt'), 'md5'], createHash('md5').update('one\ntwo\n').digest('hex')],
  [['file.basename', '/a/b.txt'], 'b.txt'],
  [['file.dirname', '/a/b.txt'], '/a'],
  [['file.join', '/', 'usr', 'local', 'bin'], '/usr/local/bin'],
  [['file.normpath', '/a/../b//c'], '/b/c'],
  [['file.access', file('a.txt'), 'f'], true],
  [['file.touch', file('new')], true],
  [['file.write', file('new'), 'a'], `Wrote 1 lines to "${file('new')}"`],
  [['file.append', file('new'), 'b'], `Wrote 1 lines to "${file('new')}"`],
  [['file.mkdir', file('folder')], true],
  [
    ['file.readdir', file('folder')],
    ['.', '..'],
  ],
  [['file.rmdir', file('folder')], true],
  [['network.is_loopback', '127.0.0.1'], true],
  [['network.is_private', '10.0.0.3'], true],
  [['network.calc_net', '172.17.0.5/24'], '172.17.0.0/24'],
  [
    ['network.convert_cidr', '172.31.0.0/16'],
    { network: '172.31.0.0', netmask: '255.255.0.0', broadcast: '172.31.255.255' },
  ],
  [['network.ip_in_subnet', '172.17.0.4', '172.16.0.0/12'], true],
  [['network.reverse_ip', '127.0.0.1'], '1.0.0.127.in-addr.arpa'],
  [['sys.list_functions', 'saltutil.is_running'], ['saltutil.is_running']],
  [['sys.argspec', 'test.ping'], { 'test.ping': { args: null, defaults: null, varargs: null, kwargs: null } }],
  [
    ['sys.list_modules', 'salt*', 'tes?'],
    ['saltutil', 'test'],
  ],
  [['saltutil.running'], []],
  [['saltutil.find_job', '20261122093047146206'], {}],
  [['test.deprecation_warning'], true],
  [['test.missing_func'], "'test.missing_func' is not available.", 1],
  [['environ.setval', 'foo', 'bar'], 'bar'],
  [['environ.setval', 'foo', 'False', 'false_unsets=True'], null],
  [['environ.setenv', '{foo: bar, baz: quux}'], { foo: 'bar', baz: 'quux' }],
  [['environ.setenv', '{a: b, c: False}', 'false_unsets=True'], { a: 'b', c: null }],
  [['environ.get', 'NO_SUCH_NAME'], ''],
  [['environ.get', 'NO_SUCH_NAME', 'default=False'], false],
  [['environ.has_value', 'NO_SUCH_NAME'], false],
  [['environ.item', '[NO_SUCH_NAME]'], { NO_SUCH_NAME: '' }],
  [['data.update', 'spam', 'eggs'], true],
  [['data.get', 'spam'], 'eggs'],
  [['data.get', 'nowhere'], null],
  [['data.get', 'nowhere', 'default=ham'], 'ham'],
  [['data.has_key', 'spam'], true],
  [['data.cas', 'spam', 'ham', 'bacon'], false],
  [['data.cas', 'spam', 'ham', 'eggs'], true],
  [['data.load'], { spam: 'ham' }],
  [['match.data', 'spam:h*'], true],
  [['match.data', 'spam:eggs'], false],
  [['data.pop', 'spam'], 'ham'],
  [['data.dump', '{eggs: spam}'], true],
  [['data.keys'], ['eggs']],
  [['data.values'], ['spam']],
  [['data.items'], [['eggs', 'spam']]],
  [['data.clear'], true],
  [['data.load'], {}],
  [['match.ifelse', 'foo*', 'Foo!', 'bar*', 'Bar!', 'minion_id=bar03'], 'Bar!'],
  [['match.ifelse', 'roles:web', 'Web!', 'Else!', 'tgt_type=grain'], 'Web!'],
  [['match.filter_by', '{foo*: Foo!, bar*: Bar!}', 'minion_id=bar03'], 'Bar!'],
  [['match.search_by', '{web: [node1 or m1], db: [node2]}'], ['web']],
  [['random.hash', 'I am a string', 'md5'], createHash('md5').update('I am a string').digest('hex')],
  [['random.str_encode', 'I am a new string', 'base64'], 'SSBhbSBhIG5ldyBzdHJpbmc=\n'],
  [
    ['random.sample', '[one, two, three]', '2', 'seed=static'],
    ['three', 'two'],
  ],
  [
    ['random.shuffle', '[one, two, three]', 'seed=static'],
    ['three', 'two', 'one'],
  ],
  [['hashutil.base64_b64encode', 'get salted'], 'Z2V0IHNhbHRlZA=='],
  [['hashutil.md5_digest', 'get salted'], '2aacf29e92feaf528fb738bcf9d647ac'],
  [['hashutil.hmac_signature', 'get salted', 'shared secret', 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ='], true],
  [['archive.tar', 'cf', file('a.tar'), 'a.txt', `cwd=${dir}`], []],
  [['archive.tar', 'cvf', file('a.tar'), 'a.txt', `cwd=${dir}`], ['a.txt']],
  [['archive.tar', 'tf', file('a.tar')], ['a.txt']],
  [['archive.list', file('a.tar')], ['a.txt']],
  [
    ['archive.list', file('a.tar'), 'verbose=True'],
    { dirs: [], files: ['a.txt'], links: [], top_level_dirs: [], top_level_files: ['a.txt'], top_level_links: [] },
  ],
  [['archive.zip', file('a.zip'), 'a.txt', `cwd=${dir}`], ['a.txt']],
  [['archive.list', file('a.zip')], ['a.txt']],
  [['archive.is_encrypted', file('a.zip')], false],
  [['archive.unzip', file('a.zip'), file('unzipped')], ['a.txt']],
  [['file.read', file('unzipped/a.txt')], 'one\ntwo\n'],
  [['sdb.get', 'sdb://osenv/NO_SUCH_NAME'], null],
  [['sdb.get', 'plain text'], 'plain text'],
  [['sdb.set', 'sdb://osenv/NO_SUCH_NAME', 'bar'], 'bar'],
  [['archive.gzip', file('new')], []],
  [['file.file_exists', file('new')], false],
  [['archive.gunzip', file('new.gz')], []],
  [['file.read', file('new')], 'a\nb\n'],
  [['ssh.check_known_host', user, 'example.com', `key=${publicKey}`, `config=${file('known_hosts')}`], 'add'],
  [['ssh.get_known_host_entries', user, 'example.com', `config=${file('known_hosts')}`], null],
  [['ssh.check_key', user, publicKey, 'ssh-ed25519', 'amy', '[]', `config=${file('keys')}`], 'add'],
  [['ssh.set_auth_key', user, publicKey, 'enc=ed25519', 'comment=amy', `config=${file('keys')}`], 'new'],
  [['ssh.set_auth_key', user, publicKey, 'enc=ed25519', 'comment=amy', `config=${file('keys')}`], 'no change'],
  [['ssh.check_key', user, publicKey, 'ssh-ed25519', 'amy', '[]', `config=${file('keys')}`], 'exists'],
  [['ssh.rm_auth_key', user, publicKey, `config=${file('keys')}`], 'Key removed'],
  [['ssh.rm_auth_key', user, publicKey, `config=${file('keys')}`], 'Key not present'],
  [['ssh.auth_keys', user, `config=${file('keys')}`], {}],
  [['cron.get_entry', user, 'identifier=no-such-job'], false],
  [['cron.rm_job', user, '/no/such/program'], 'absent'],
  [['cron.rm_env', user, 'NO_SUCH_NAME'], 'absent'],
  [['alternatives.check_exists', 'no-such', '/bin/nano'], false],
  [['alternatives.show_current', 'no-such'], false],
  [['sysctl.get', 'kernel.ostype'], 'Linux'],
  [['user.info', 'no-such-user'], {}],
  [['group.info', 'no-such-group'], {}],
  [['git.is_worktree', dir], false],
  [['cmd.tty', 'sda1', 'hello'], { Error: 'The specified device is not a valid TTY' }],
  [['schedule.list'], { schedule: {} }],
  [['hosts.has_pair', '192.0.2.250', 'no-such-host'], false],
];

test('there are a hundred and forty calls at least', () => expect(calls.length).toBeGreaterThanOrEqual(140));

test.each(calls.map(([words, value, status = 0]) => ({ words, value, status })))(
  'salt-call --local $words',
  async ({ words, value, status }) => {
    const result = await saltCall('--local', '--out', 'json', ...words);
    expect([JSON.parse(result.out), result.status]).toEqual([{ local: value }, status]);
  },
);

test('salt-call --local http.query returns the body, and what else is asked for', async () => {
  const server = createServer((_request, response) => void response.end('{"a": 1}')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const query = async (...words: string[]) =>
    JSON.parse((await saltCall('--local', '--out', 'json', 'http.query', url, ...words)).out).local;
  expect(await query()).toEqual({ body: '{"a": 1}' });
  expect(await query('status=True')).toEqual({ body: '{"a": 1}', status: 200 });
  expect(await query('decode=True', 'decode_type=json')).toEqual({ body: '{"a": 1}', dict: { a: 1 } });
});

describe('salt-call', () => {
  test('prints under local, as nested when nothing is said', async () => {
    expect((await saltCall('--local', 'test.ping')).out).toBe('local:\n    True');
    expect((await saltCall('--local', '--out', 'yaml', 'test.echo', 'a')).out.trim()).toBe('local: a');
    expect((await saltCall('--local', '--out', 'txt', 'test.echo', 'a')).out.trim()).toBe('local: a');
    expect((await saltCall('--local', '--out', 'quiet', 'test.echo', 'a')).out).toBe('');
  });

  test('--retcode-passthrough ends with the return code of the function', async () => {
    expect((await saltCall('--local', '--retcode-passthrough', 'test.retcode', '42')).status).toBe(42);
    expect((await saltCall('--local', '--retcode-passthrough', 'cmd.run', 'exit 3', 'python_shell=True')).status).toBe(
      3,
    );
    expect((await saltCall('--local', '--retcode-passthrough', 'test.ping')).status).toBe(0);
  });

  test('-g prints the grains', async () => {
    const { out, status } = await saltCall('--local', '-g', '--out', 'json');
    expect([JSON.parse(out).local.id, JSON.parse(out).local.roles, status]).toEqual(['m1', ['web', 'db'], 0]);
  });

  test('-d prints the documentation of a function, a module or all', async () => {
    expect((await saltCall('-d', 'test.ping')).out).toMatch(/^test\.ping:\n\n {4}Used to make sure/);
    expect((await saltCall('-d', 'match')).out).toContain('match.glob:');
    expect((await saltCall('-d')).out.length).toBeGreaterThan(10_000);
  });

  test('-l says what happens on standard error', async () => {
    expect((await saltCall('--local', '-l', 'debug', 'cmd.run', 'echo a')).err.join('\n')).toContain(
      "executing command 'echo'",
    );
    expect((await saltCall('--local', 'cmd.run', 'echo a')).err).toEqual([]);
  });

  test('-m takes modules from a directory for this call', async () => {
    expect((await saltCall('--local', '-m', file('mods'), 'own.f')).out).toBe('local:\n    7');
    expect((await saltCall('--local', 'own.f')).out).toContain("'own.f' is not available");
  });

  test('heeds the guards of the minion', async () => {
    const { out, status } = await saltCall('--local', 'status.uptime');
    expect(out).toBe("local:\n    'status' __virtual__ returned False: disable_modules of this minion names it");
    expect(status).toBe(1);
  });
});
