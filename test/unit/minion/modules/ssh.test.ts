import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import ssh from '../../../../minion/modules/ssh.ts';
import { type FakeCommand, fakeContext, fakeExec } from '../../../support/fake_context.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { runFunction } from '../../../support/run_function.ts';

const ed = 'AAAAC3NzaC1lZDI1NTE5AAAAII0qgZc6YxbR2Ibn6kqBIDDsNVVJCyqHpwRMAkASxyJ+';
const ec =
  'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGfzHNYAzD76FTXIo0AG02Sbtt+4BvHNFITLT3I8zJhf7yLEcU5Zk4lWIBvPRclLuxesE8E/AZAQBUQ6mwSNqwM=';
/** As `ssh-keygen -l` prints it, which has the first in base64. */
const edSha = Buffer.from('qSnzAovxmO/QU7gxt9aBGBLrYe3Ff+qe/CMmUAw1w5I=', 'base64')
  .toString('hex')
  .match(/../g)
  ?.join(':');
const edMd5 = 'af:f6:9a:f9:5d:6b:1c:1a:83:fc:79:ca:7f:44:49:33';
const type = 'ecdsa-sha2-nistp256';

/** By `ssh-keygen -H`, of the names h and 10.0.0.1. */
const hashed = `|1|lPKrx+MeqsUqtSG9kxdwaQ/Uyqc=|isoWST7JoyzZ3C74ijd+/dIuChs= ssh-ed25519 ${ed}
|1|KzoqkelseaNbMF5t6W0/gKF1cyM=|JnMW7GYLPgOdfPgbkDZ4/YEc6B8= ssh-ed25519 ${ed}
`;

async function machine(files: Record<string, string> = {}, commands: Record<string, FakeCommand> = {}) {
  const me = `${process.geteuid?.()}:${process.getegid?.()}`;
  const root = await fixtureRoot({
    'etc/passwd': `amy:x:${me}::/home/amy:/bin/sh\nbob:x:${Number(process.geteuid?.()) + 1}:1::/home/bob:/bin/sh\neve:x:9:9::/home/eve:/bin/sh\n`,
    'home/amy/': '',
    'home/bob/': '',
    ...files,
  });
  const context = fakeContext({ root, exec: fakeExec(commands) });
  return {
    root,
    context,
    run: (fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) =>
      runFunction(context, ssh, `ssh.${fun}`, args, kwargs),
    read: (file: string) => readFile(join(root, file), 'utf8'),
    mode: async (file: string) => (await stat(join(root, file))).mode & 0o777,
  };
}

const keyFile = 'home/amy/.ssh/authorized_keys';

test('keys that may log in are read with options, comments and fingerprints', async () => {
  const line = `command="echo ssh-rsa \\"a, b\\"",no-pty ssh-ed25519 ${ed} amy at desk`;
  const { run } = await machine({ [keyFile]: `# mine\n${line}\n\n${type} ${ec}\nssh-rsa nonsense!\n` });
  const keys = {
    [ed]: {
      enc: 'ssh-ed25519',
      comment: 'amy at desk',
      options: ['command="echo ssh-rsa \\"a, b\\""', 'no-pty'],
      fingerprint: edSha,
    },
    [ec]: { enc: type, comment: '', options: [], fingerprint: expect.any(String) },
  };
  expect(await run('auth_keys', ['amy'])).toEqual(keys);
  expect(await run('auth_keys', [['amy', 'bob', 'nobody']])).toEqual({ amy: keys });
  expect(await run('auth_keys', [])).toEqual({ amy: keys });
  expect(await run('auth_keys', ['bob'])).toEqual({});
  expect(await run('auth_keys', ['amy'], { config: '/home/%u/.ssh/authorized_keys' })).toEqual(keys);
  expect(await run('auth_keys', ['amy'], { fingerprint_hash_type: 'MD5' })).toMatchObject({
    [ed]: { fingerprint: edMd5 },
  });
});

test('a key is added once, with the modes that ssh asks for, and replaced in its place', async () => {
  const { run, read, mode } = await machine();
  expect(await run('check_key', ['amy', ed, 'ed25519', '', null])).toBe('add');
  expect(await run('set_auth_key', ['amy', ed, 'ed25519', 'amy@desk'])).toBe('new');
  expect(await run('set_auth_key', ['amy', ed, 'ed25519', 'amy@desk'])).toBe('no change');
  expect([await mode('home/amy/.ssh'), await mode(keyFile)]).toEqual([0o700, 0o600]);
  await run('set_auth_key', ['amy', ec, 'ecdsa']);
  expect(await run('check_key', ['amy', ed, 'ed25519', 'other', ['no-pty']])).toBe('update');
  expect(await run('set_auth_key', ['amy', ed, 'ed25519', 'other'], { options: ['no-pty', 'from="10.0.0.0/8"'] })).toBe(
    'replace',
  );
  expect(await read(keyFile)).toBe(`no-pty,from="10.0.0.0/8" ssh-ed25519 ${ed} other\n${type} ${ec}\n`);
});

test('a key is removed, and nothing else', async () => {
  const { run, read, root, mode } = await machine({ [keyFile]: `# mine\nssh-ed25519 ${ed} amy\n${type} ${ec}` });
  await chmod(join(root, keyFile), 0o640);
  expect(await run('rm_auth_key', ['amy', ed])).toBe('Key removed');
  expect(await run('rm_auth_key', ['amy', ed])).toBe('Key not present');
  expect(await run('rm_auth_key', ['bob', ed])).toBe('Key not present');
  expect(await read(keyFile)).toBe(`# mine\n${type} ${ec}\n`);
  expect(await mode(keyFile)).toBe(0o640);
});

test('keys come from a file as well', async () => {
  const { run, read } = await machine({
    'root/a.pub': `ssh-ed25519 ${ed} amy\n${type} ${ec}\n`,
    'root/none.pub': '#\n',
  });
  expect(await run('check_key_file', ['amy', '/root/a.pub'])).toEqual({ [ed]: 'add', [ec]: 'add' });
  expect(await run('set_auth_key_from_file', ['amy', '/root/a.pub'])).toBe('new');
  expect(await run('set_auth_key_from_file', ['amy', '/root/a.pub'])).toBe('no change');
  expect(await run('set_auth_key_from_file', ['amy', '/root/none.pub'])).toBe('fail');
  expect(await run('rm_auth_key_from_file', ['amy', '/root/a.pub'])).toBe('Key removed');
  expect(await read(keyFile)).toBe('');
  await expect(run('set_auth_key_from_file', ['amy', 'salt://a.pub'])).rejects.toThrow('cannot fetch salt://a.pub');
  await expect(run('check_key_file', ['amy', '/root/missing'])).rejects.toThrow('there is no file /root/missing');
});

test('a new file and its folder get the SELinux contexts with which sshd reads them', async () => {
  const labelled: string[] = [];
  const { root, context } = await machine({ 'sys/fs/selinux/enforce': '1' });
  const exec: typeof context.exec = async (argv) => {
    labelled.push(argv.join(' '));
    return { pid: 1, retcode: 0, stdout: '', stderr: '', timedOut: false };
  };
  await runFunction({ ...context, exec }, ssh, 'ssh.set_auth_key', ['amy', ed, 'ed25519']);
  expect(labelled).toEqual([`restorecon -- ${root}/home/amy/.ssh`, `restorecon -- ${root}/${keyFile}`]);
});

test('what is no key, no type or no user is refused', async () => {
  const { run, context } = await machine();
  expect(await run('set_auth_key', ['amy', 'not base64'])).toBe('invalid');
  expect(await run('set_auth_key', ['amy', 'nonsense!'])).toBe('Invalid public key');
  expect(await run('set_auth_key', ['nobody', ed])).toBe('fail');
  expect(await run('set_auth_key', ['eve', ed])).toBe('fail');
  expect(context.retcodes).toEqual([1, 1, 1, 1]);
  await expect(run('set_auth_key', ['amy', ed, 'magic'])).rejects.toThrow("Incorrect encryption key type 'magic'.");
  await expect(run('set_auth_key', ['amy', ed, 'rsa', `x\nssh-rsa ${ed}`])).rejects.toThrow(
    'comment: must be one line',
  );
});

test('a link in a home does not have somebody else’s file written', async () => {
  const { run, root, read } = await machine({ 'etc/secret': 'kept\n' });
  await mkdir(join(root, 'home/bob/.ssh'));
  await symlink(join(root, 'etc/secret'), join(root, 'home/bob/.ssh/authorized_keys'));
  await expect(run('set_auth_key', ['bob', ed, 'ed25519'])).rejects.toThrow('leads to a file that is not of bob');
  expect(await read('etc/secret')).toBe('kept\n');
});

test('neither is it read, to be written back to where the user may read it', async () => {
  const { run, root } = await machine({ 'etc/secret': 'kept\n', 'etc/id_rsa': 'PRIVATE', 'home/bob/.ssh/': '' });
  await symlink(join(root, 'etc/secret'), join(root, 'home/bob/.ssh/known_hosts'));
  await symlink(join(root, 'etc/id_rsa'), join(root, 'home/bob/.ssh/id_rsa'));
  await expect(run('hash_known_hosts', ['bob'])).rejects.toThrow('leads to a file that is not of bob');
  await expect(run('user_keys', ['bob'])).rejects.toThrow('leads to a file that is not of bob');
});

test('no folder is made behind a link in a home that leads to somebody else’s', async () => {
  const { run, root } = await machine({ 'etc/': '', 'home/bob/.config/': '' });
  await symlink(join(root, 'etc'), join(root, 'home/bob/.config/ssh'));
  for (const config of ['.config/ssh/made/keys', '.config/ssh/keys']) {
    await expect(run('set_auth_key', ['bob', ed, 'ed25519'], { config })).rejects.toThrow('not of bob');
  }
  expect(await readdir(join(root, 'etc'))).toEqual(['passwd']);
});

test('a pipe in the place of a file is refused instead of being waited for', async () => {
  const { run, root, context } = await machine({ 'home/bob/.ssh/': '' });
  execFileSync('mkfifo', [join(root, 'home/bob/.ssh/authorized_keys')]);
  await expect(run('auth_keys', ['bob'])).rejects.toThrow('is not a regular file');
  expect(await run('auth_keys', [['amy', 'bob']])).toEqual({});
  expect(context.logged).toMatchObject([{ message: 'the keys of a user cannot be read', fields: { user: 'bob' } }]);
});

const hostFile = 'home/amy/.ssh/known_hosts';

test('known hosts are found by name, pattern and hash', async () => {
  const { run } = await machine({
    [hostFile]: `# hosts\n@cert-authority * ssh-ed25519 ${ed}\n${hashed}*.example.com,!x.example.com ${type} ${ec} old\n[h]:2222 ${type} ${ec}\n`,
    'etc/ssh/ssh_known_hosts': `all.example.com ssh-ed25519 ${ed}\n`,
  });
  const names = async (...args: unknown[]) =>
    ((await run('get_known_host_entries', args)) as { enc: string }[] | null)?.map(({ enc }) => enc);
  expect(await run('get_known_host_entries', ['amy', 'h'])).toEqual([
    { hostname: expect.stringMatching(/^\|1\|lPK/), enc: 'ssh-ed25519', key: ed, fingerprint: edSha },
  ]);
  expect(await names('amy', '10.0.0.1')).toEqual(['ssh-ed25519']);
  expect(await names('amy', 'h', null, 2222)).toEqual([type]);
  expect(await names('amy', 'A.example.com')).toEqual([type]);
  expect(await run('get_known_host_entries', ['amy', 'x.example.com'])).toBeNull();
  expect(await names(null, 'all.example.com')).toEqual(['ssh-ed25519']);
  expect(await run('get_known_host_entries', ['nobody', 'h'])).toEqual({
    status: 'error',
    error: 'User nobody does not exist',
  });
});

test('a host is judged by its key or its fingerprint', async () => {
  const { run } = await machine({ [hostFile]: hashed });
  const check = (kwargs: Record<string, unknown>) => run('check_known_host', ['amy', 'h'], kwargs);
  expect(await check({})).toBe('exists');
  expect(await check({ key: ed })).toBe('exists');
  expect(await check({ key: ec })).toBe('update');
  expect(await check({ fingerprint: edSha })).toBe('exists');
  expect(await check({ fingerprint: edMd5, fingerprint_hash_type: 'md5' })).toBe('exists');
  expect(await check({ fingerprint: edMd5 })).toBe('update');
  expect(await run('check_known_host', ['amy', 'other'])).toBe('add');
  expect(await run('check_known_host', ['amy'])).toEqual({ status: 'error', error: 'hostname argument required' });
});

test('a key is made known without asking the host, hashed unless told otherwise', async () => {
  const { run, read, mode } = await machine();
  const set = (kwargs: Record<string, unknown>) => run('set_known_host', ['amy', 'h'], kwargs);
  expect(await set({ key: ec, hash_known_hosts: false })).toEqual({
    status: 'updated',
    old: null,
    new: [{ hostname: 'h', enc: type, key: ec, fingerprint: expect.any(String) }],
  });
  expect(await read(hostFile)).toBe(`h ${type} ${ec}\n`);
  expect([await mode('home/amy/.ssh'), await mode(hostFile)]).toEqual([0o700, 0o600]);
  expect(await set({ key: ec })).toEqual({ status: 'exists', keys: [ec] });
  expect(await set({ key: ed, enc: 'ed25519', port: 2222 })).toMatchObject({ status: 'updated' });
  expect(await read(hostFile)).toMatch(/^h ecdsa\S+ \S+\n\|1\|\S+\|\S+ ssh-ed25519 \S+\n$/);
  expect(await run('get_known_host_entries', ['amy', 'h'], { port: 2222 })).toHaveLength(1);
  expect(await set({ key: 'nonsense' })).toEqual({ status: 'error', error: 'key is no public key' });
});

test('a host that is asked must show the key of the fingerprint, and no other is believed', async () => {
  const scanned = `# h:22 SSH-2.0-OpenSSH_9.2p1\nh ssh-ed25519 ${ed}\n`;
  const unvouched = `h ssh-rsa ${ec}\n`;
  const { run, read } = await machine(
    { 'home/amy/.ssh/known_hosts': `h,other ssh-ed25519 ${ed.replace('0qgZ', '1qgZ')}\nh ${type} ${ec}\n` },
    {
      'ssh-keyscan -t ed25519 -T 5 -- h': scanned,
      'ssh-keyscan -T 5 -- h': scanned + unvouched,
      'ssh-keyscan -p 2222 -t ecdsa -T 5 -H -- h': { stderr: 'connect: Connection refused\n', retcode: 1 },
    },
  );
  const plain = { hash_known_hosts: false };
  expect(await run('recv_known_host_entries', ['h', 'ed25519'], plain)).toMatchObject([{ fingerprint: edSha }]);
  expect(await run('recv_known_host_entries', ['h', type, 2222])).toBeNull();
  expect(await run('set_known_host', ['amy', 'h'], { ...plain, fingerprint: edMd5 })).toEqual({
    status: 'error',
    error: 'Remote host public keys found but none of their fingerprints match the one you have provided',
  });
  expect(await run('set_known_host', ['amy', 'h'], { ...plain, fingerprint: edSha })).toMatchObject({
    status: 'updated',
    old: [{ enc: 'ssh-ed25519' }, { enc: type }],
  });
  expect((await read(hostFile)).split('\n').map((line) => line.split(' ').slice(0, 2))).toEqual([
    ['other', 'ssh-ed25519'],
    ['h', type],
    ['h', 'ssh-ed25519'],
    [''],
  ]);
  expect(await run('set_known_host', ['amy', 'h'], plain)).toMatchObject({ status: 'exists' });
  await expect(run('recv_known_host_entries', ['-oProxyCommand=x'])).rejects.toThrow('must be a host name');
});

test('hosts are forgotten and hashed', async () => {
  const { run, read } = await machine({ [hostFile]: `${hashed}a,b ${type} ${ec}\n*.c ${type} ${ec}\n` });
  expect(await run('rm_known_host', ['amy', 'h'])).toEqual({
    status: 'removed',
    comment: '/home/amy/.ssh/known_hosts updated.',
  });
  expect(await run('rm_known_host', ['amy', 'h'])).toMatchObject({ comment: expect.stringContaining('not found in') });
  expect(await run('hash_known_hosts', ['amy'])).toMatchObject({ status: 'updated' });
  expect(await read(hostFile)).toMatch(/^(\|1\|\S+\|\S+ \S+ \S+\n){3}\*\.c \S+ \S+\n$/);
  for (const host of ['10.0.0.1', 'a', 'b', 'x.c']) {
    expect(await run('check_known_host', ['amy', host])).toBe('exists');
  }
  expect(await run('rm_known_host', ['bob', 'h'])).toEqual({
    status: 'error',
    error: 'Known hosts file /home/bob/.ssh/known_hosts does not exist',
  });
});

test('keys of the machine and of users are read, private ones unless told otherwise', async () => {
  const { run } = await machine({
    'etc/ssh/ssh_host_rsa_key': 'private\n',
    'etc/ssh/ssh_host_rsa_key.pub': 'public\n',
    'etc/ssh/ssh_host_rsa_key-cert.pub': 'certificate\n',
    'etc/ssh/sshd_config': '',
    'home/amy/.ssh/id_rsa': 'p\n',
    'home/amy/.ssh/id_rsa.pub': 'q',
    'home/amy/.ssh/own.pub': 'o',
  });
  expect(await run('host_keys', [])).toEqual({ rsa: 'private', 'rsa.pub': 'public', 'rsa-cert.pub': 'certificate' });
  expect(await run('host_keys', [], { private: false, certs: false })).toEqual({ 'rsa.pub': 'public' });
  expect(await run('user_keys', ['amy'])).toEqual({ amy: { id_rsa: 'p', 'id_rsa.pub': 'q' } });
  expect(await run('user_keys', [])).toEqual({ amy: { id_rsa: 'p', 'id_rsa.pub': 'q' } });
  expect(await run('user_keys', [['amy', 'bob']], { prvfile: false })).toEqual({ amy: { 'id_rsa.pub': 'q' } });
  expect(await run('user_keys', ['amy', 'own.pub', false])).toEqual({ amy: { 'own.pub': 'o' } });
  const path = '/home/amy/.ssh/own.pub';
  expect(await run('user_keys', ['amy', path, false])).toEqual({ amy: { 'own.pub': 'o' } });
});

test('a passphrase is recognised in both forms of private keys', async () => {
  const openssh = (cipher: string) => {
    const bytes = Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      Buffer.from([0, 0, 0, cipher.length]),
      Buffer.from(cipher),
    ]);
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
  };
  const { run, root } = await machine();
  expect(await run('key_is_encrypted', [openssh('none')])).toBe(false);
  expect(await run('key_is_encrypted', [openssh('aes256-ctr')])).toBe(true);
  expect(await run('key_is_encrypted', ['-----BEGIN ENCRYPTED PRIVATE KEY-----\n'])).toBe(true);
  await writeFile(join(root, 'pem'), '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n');
  expect(await run('key_is_encrypted', ['/pem'])).toBe(true);
  await expect(run('key_is_encrypted', ['/missing'])).rejects.toThrow('there is no file /missing');
});
