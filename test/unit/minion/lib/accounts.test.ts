import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findGroup,
  findUser,
  parseGroup,
  parsePasswd,
  readAccounts,
  supplementaryGids,
} from '../../../../minion/lib/accounts.ts';

const accounts = {
  users: parsePasswd(
    '# comment\nroot:x:0:0:root:/root:/bin/bash\n\n+nis::::::\nada:x:1000:1000:Ada L,,,:/home/ada:\nbroken\n',
  ),
  groups: parseGroup('root:x:0:\nwheel:x:10:root,ada\nada:x:1000:ada\ndocker:x:99:bob\n'),
};

test('entries are read and other lines are left out', () => {
  expect(accounts.users).toEqual([
    { name: 'root', uid: 0, gid: 0, gecos: 'root', home: '/root', shell: '/bin/bash' },
    { name: 'ada', uid: 1000, gid: 1000, gecos: 'Ada L,,,', home: '/home/ada', shell: '' },
  ]);
  expect(accounts.groups[1]).toEqual({ name: 'wheel', gid: 10, members: ['root', 'ada'] });
  expect(accounts.groups[0]?.members).toEqual([]);
});

test('users and groups are found by name and by number', () => {
  expect(findUser(accounts, 'ada')?.uid).toBe(1000);
  expect(findUser(accounts, 0)?.name).toBe('root');
  expect(findUser(accounts, 'eve')).toBeUndefined();
  expect(findGroup(accounts, 'wheel')?.gid).toBe(10);
  expect(findGroup(accounts, 99)?.name).toBe('docker');
});

test('further groups are those that name the user, without the primary one', () => {
  const ada = accounts.users[1];
  if (ada === undefined) throw new Error('no ada');
  expect(supplementaryGids(accounts, ada)).toEqual([10]);
});

test('a machine without the files has no accounts', async () => {
  const root = await mkdtemp(join(tmpdir(), 'brine-accounts-'));
  expect(await readAccounts(root)).toEqual({ users: [], groups: [] });
  await rm(root, { recursive: true });
});
