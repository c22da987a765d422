import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadMinionConfig } from '../../../minion/config.ts';
import { repositoryRoot } from '../../support/source_tree.ts';
import { temporaryDir } from '../../support/temporary_dir.ts';

/** As much of OpenWrt's build as a package of ready files needs. */
const RULES = `INSTALL_DIR = install -d -m0755
INSTALL_BIN = install -m0755
INSTALL_CONF = install -m0600
INSTALL_DATA = install -m0644
`;
const PACKAGE = `define BuildPackage
$(eval $(Package/$(1)))
install:
$(call Package/$(1)/install,$(DESTDIR))

describe:
	@printf '%s\\n' '$(PKG_NAME) $(PKG_VERSION) $(PKGARCH) $(DEPENDS)' $(Package/$(1)/conffiles)
endef
`;

async function make(target: string): Promise<{ readonly stdout: string; readonly image: string }> {
  const dir = temporaryDir();
  const [recipe, rules, image] = [join(dir, 'brine-minion'), join(dir, 'include'), join(dir, 'image')];
  cpSync(join(repositoryRoot, 'config/openwrt'), recipe, { recursive: true });
  mkdirSync(rules);
  writeFileSync(join(dir, 'rules.mk'), RULES);
  writeFileSync(join(rules, 'package.mk'), PACKAGE);
  // What the bundle holds does not matter here.
  writeFileSync(join(recipe, 'files/salt-minion.cjs'), '#!/usr/bin/env node\n');
  const { stdout } = await promisify(execFile)('make', [
    ...['--no-print-directory', '-C', recipe],
    ...[`TOPDIR=${dir}`, `INCLUDE_DIR=${rules}`, `DESTDIR=${image}`, target],
  ]);
  return { stdout, image };
}

test('the package depends on Node, keeps its configuration, and has the version of the program', async () => {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  expect((await make('describe')).stdout.split('\n')).toEqual([
    `brine-minion ${version} all +node`,
    '/etc/salt/minion',
    '',
  ]);
});

test('it installs the program, its service, and a configuration that keeps nothing of worth in memory', async () => {
  const { image } = await make('install');
  const modeOf = (path: string): string => (statSync(join(image, path)).mode & 0o777).toString(8);
  expect(modeOf('usr/bin/salt-minion')).toBe('755');
  expect(modeOf('etc/init.d/salt-minion')).toBe('755');
  expect(modeOf('etc/salt/minion')).toBe('600');
  expect(readFileSync(join(image, 'lib/upgrade/keep.d/brine-minion'), 'utf8')).toBe('/etc/salt/\n');
  const config = await loadMinionConfig({ configDir: join(image, 'etc/salt'), env: {}, hostname: 'router' });
  expect(config).toMatchObject({ id: 'router', profile: 'lite', log_file: null });
  expect([config.cachedir, config.pki_dir].filter((path) => !path.startsWith('/etc/salt/'))).toEqual([]);
});
