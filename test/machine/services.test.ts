import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../support/source_tree.ts';
import { temporaryDir } from '../support/temporary_dir.ts';

/**
 * The services of `config/`, by the programs that will read them; those for systemd are in `systemd.test.ts`. As root;
 * this machine's own init is not touched.
 */
const config = join(repositoryRoot, 'config');
const fixtures = join(repositoryRoot, 'test/fixtures/services');
/** Where `.ci/openrc` puts it, which cannot be installed beside another init. */
const openrc = '/opt/openrc';

/** A minion that is killed comes again, one that is stopped does not. */
const CONVERSATION = `
service() { rc-service --quiet salt-minion "$@" || echo "$1: exit status $?"; }
minion() { cat /run/openrc/options/salt-minion/child_pid; }
is_node() { tr '\\0' ' ' < /proc/$1/cmdline | grep -q '^node .*/salt-minion.cjs'; }
until_other() { while [ "$(minion)" = "$1" ] || ! is_node "$(minion)"; do sleep 0.1; done 2>/dev/null; }
for state in started starting stopped stopping failed inactive exclusive daemons options; do mkdir -p /run/openrc/$state; done
touch /run/openrc/softlevel
service status
service start
until_other ''
stat -c '%n %a' /run/salt/minion /var/cache/salt/minion /var/log/salt
service status
first=$(minion)
kill -9 $first
until_other $first
echo 'killed, and there again'
second=$(minion)
service restart
until_other $second
echo 'restarted'
third=$(minion)
until grep -q 'cannot connect' /var/log/salt/minion; do sleep 0.1; done
service stop
service status
kill -0 $third 2>/dev/null || echo 'gone'
`;

test('OpenRC starts, supervises, restarts and stops the minion', () => {
  const above = temporaryDir();
  cpSync(openrc, above, { recursive: true, verbatimSymlinks: true });
  const put = (path: string, text: string, mode = 0o755): void => {
    mkdirSync(join(above, path, '..'), { recursive: true });
    writeFileSync(join(above, path), text, { mode });
  };
  put('etc/init.d/salt-minion', readFileSync(join(config, 'openrc/salt-minion'), 'utf8'));
  put('etc/init.d/wire', '#!/sbin/openrc-run\ndepend() { provide net; }\nstart() { :; }\n');
  put('etc/insserv.conf', '');
  put('etc/conf.d/salt-minion', `salt_minion=${join(repositoryRoot, 'dist/salt-minion.cjs')}\n`, 0o644);
  // A master that is not there: the minion goes on trying.
  put('etc/salt/minion', 'master: 127.0.0.1\nmaster_port: 1\nid: m1\n', 0o644);
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const { stdout, status } = spawnSync('unshare', [...namespaces, 'sh', join(fixtures, 'scratch_root.sh'), above], {
    input: CONVERSATION,
    encoding: 'utf8',
    timeout: 25_000,
    killSignal: 'SIGKILL',
  });
  expect(stdout.split('\n')).toEqual([
    'status: exit status 3',
    '/run/salt/minion 755',
    '/var/cache/salt/minion 750',
    '/var/log/salt 750',
    'killed, and there again',
    'restarted',
    'status: exit status 3',
    'gone',
    '',
  ]);
  expect(status).toBe(0);
});

/** What the functions of OpenWrt's rc.common are given; the last line is what they are asked for. */
const PROCD = `
procd_open_instance() { echo open; }
procd_set_param() { echo "$@"; }
procd_close_instance() { echo close; }
restart() { echo restart; }
. "$0"
start_service
reload_service
echo "$USE_PROCD $START $STOP"
`;

test('the script for procd is one for the shell of OpenWrt, and asks for a supervised minion', () => {
  const script = join(config, 'openwrt/files/salt-minion.init');
  const { stdout, stderr } = spawnSync('busybox', ['ash', '-eu', '-c', PROCD, script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'open',
    'command /usr/bin/salt-minion',
    'respawn 60 5 5',
    'file /etc/salt/minion',
    'stderr 1',
    'term_timeout 30',
    'close',
    'restart',
    '1 95 10',
  ]);
});

/** What the includes of OpenWrt's build system have to do with this package. */
const OPENWRT = `
INSTALL_DIR = install -d -m0755
INSTALL_BIN = install -m0755
INSTALL_CONF = install -m0600
INSTALL_DATA = install -m0644
define BuildPackage
all: ; $(call Package/$(1)/install,$(DESTDIR))
endef
`;

test("OpenWrt's package holds the minion, its service, its configuration and what an upgrade keeps", () => {
  const [build, root] = [temporaryDir(), temporaryDir()];
  cpSync(join(config, 'openwrt'), build, { recursive: true });
  writeFileSync(join(build, 'files/salt-minion.cjs'), '#!/usr/bin/env node\n');
  writeFileSync(join(build, 'rules.mk'), '');
  writeFileSync(join(build, 'package.mk'), OPENWRT);
  execFileSync('make', ['-s', '-C', build, `TOPDIR=${build}`, `INCLUDE_DIR=${build}`, `DESTDIR=${root}`]);
  const modes = ['usr/bin/salt-minion', 'etc/init.d/salt-minion', 'etc/salt/minion', 'lib/upgrade/keep.d/brine-minion'];
  expect(modes.map((path) => (statSync(join(root, path)).mode & 0o777).toString(8))).toEqual([
    '755',
    '755',
    '600',
    '644',
  ]);
});
