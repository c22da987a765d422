import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import ssh from '../../minion/modules/ssh.ts';
import { fakeContext } from '../support/fake_context.ts';
import { fixtureRoot } from '../support/fixture_root.ts';
import { runFunction } from '../support/run_function.ts';

const run = (root: string, fun: string, args: unknown[], kwargs: Record<string, unknown> = {}) =>
  runFunction(fakeContext({ root }), ssh, `ssh.${fun}`, args, kwargs);

test('ssh-keygen and we read the keys and the known hosts of one another', async () => {
  const root = await fixtureRoot({
    'etc/passwd': `amy:x:${process.geteuid?.()}:${process.getegid?.()}::/home/amy:/bin/sh\n`,
    'home/amy/': '',
  });
  const at = (name: string) => join(root, 'home/amy', name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-C', 'amy', '-f', at('key')]);
  expect(await run(root, 'key_is_encrypted', ['/home/amy/key'])).toBe(true);
  execFileSync('ssh-keygen', ['-q', '-p', '-P', 'passphrase', '-N', '', '-f', at('key')]);
  expect(await run(root, 'key_is_encrypted', ['/home/amy/key'])).toBe(false);

  expect(await run(root, 'set_auth_key_from_file', ['amy', '/home/amy/key.pub'])).toBe('new');
  const [key = ''] = Object.keys((await run(root, 'auth_keys', ['amy'])) as object);
  const listed = execFileSync('ssh-keygen', ['-l', '-E', 'md5', '-f', at('.ssh/authorized_keys')], {
    encoding: 'utf8',
  });
  const [{ fingerprint } = { fingerprint: '' }] = Object.values(
    (await run(root, 'auth_keys', ['amy'], { fingerprint_hash_type: 'md5' })) as Record<
      string,
      { fingerprint: string }
    >,
  );
  expect(listed).toContain(`MD5:${fingerprint}`);

  await run(root, 'set_known_host', ['amy', 'example.com'], { key, port: 2222 });
  const find = (host: string) => spawnSync('ssh-keygen', ['-F', host, '-f', at('.ssh/known_hosts')]).status;
  expect([find('[example.com]:2222'), find('example.com')]).toEqual([0, 1]);
  writeFileSync(at('.ssh/known_hosts'), `a.example.com,b.example.com ssh-ed25519 ${key}\n`);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', at('.ssh/known_hosts')], { stdio: 'ignore' });
  expect(readFileSync(at('.ssh/known_hosts'), 'utf8')).not.toContain('example');
  expect(await run(root, 'check_known_host', ['amy', 'b.example.com'], { key })).toBe('exists');
});
