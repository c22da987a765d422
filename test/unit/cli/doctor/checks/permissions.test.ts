import { expect, test } from 'vitest';
import permissions, { type PathFacts } from '../../../../../cli/doctor/checks/permissions.ts';
import { told } from '../../../../support/told_findings.ts';

const folder: PathFacts = { path: '/pki', kind: 'keys', mode: 0o700, owner: 'salt' };
const key: PathFacts = { path: '/pki/master.pem', kind: 'secret', mode: 0o600, owner: 'salt' };
const file: PathFacts = { path: '/etc/salt/master', kind: 'config', mode: 0o644, owner: 'root' };
const judge = (paths: readonly PathFacts[], daemonUser = 'salt') =>
  told(permissions.judge({ pkiDir: '/pki', paths, daemonUser }));

test('keys that are the daemon’s alone are well', () => {
  expect(judge([folder, key, file])).toEqual(['ok: /pki is closed to others, with 1 secret file']);
});

test('a private key that others may read is told with its mode', () => {
  expect(judge([folder, { ...key, mode: 0o644 }])).toEqual([
    'fail: /pki/master.pem holds a secret and has mode 0644: others may read it, so the daemon will not start with it => chmod 600 /pki/master.pem',
  ]);
});

test('a directory of keys or a configuration that others may change is told', () => {
  expect(judge([{ ...folder, mode: 0o777 }, key, { ...file, mode: 0o666 }])).toEqual([
    'fail: /pki has mode 0777: others may put keys of their own there => chmod go-w /pki',
    'fail: /etc/salt/master has mode 0666: others may change the configuration => chmod o-w /etc/salt/master',
  ]);
  expect(judge([folder, key, { ...file, mode: 0o664 }])[0]).toMatch(/^ok: /);
});

test('keys that the daemon’s user cannot change are told, but not to root', () => {
  expect(judge([folder, { ...key, owner: 'root' }])).toEqual([
    "fail: /pki/master.pem is root's, and the daemon runs as salt => chown salt /pki/master.pem",
  ]);
  expect(judge([folder, key], 'root')).toEqual(['ok: /pki is closed to others, with 1 secret file']);
});

test('before the first start there is nothing to look at', () => {
  expect(judge([file])).toEqual(['skip: there is no /pki yet: the first start makes it']);
});

test('whatever a file is called, a shell takes its name for nothing else', () => {
  const path = "/pki/a b;reboot;'.pem";
  expect(judge([folder, { ...key, path, mode: 0o644 }])[0]).toMatch(/ => chmod 600 '\/pki\/a b;reboot;'\\''\.pem'$/);
  expect(judge([folder, { ...key, path: '/my keys/master.pem', owner: 'root' }])[0]).toMatch(
    / => chown salt '\/my keys\/master\.pem'$/,
  );
});
