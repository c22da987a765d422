import { expect, test } from 'vitest';
import { slsNames } from '../../../../../shared/render/salt/sls_names.ts';

test('an SLS file is known by the end of its path', () => {
  expect(slsNames('nginx.config.tls', '/srv/salt/nginx/config/tls.sls')).toEqual({
    sls: 'nginx.config.tls',
    slspath: 'nginx/config',
    sls_path: 'nginx_config',
    slsdotpath: 'nginx.config',
    slscolonpath: 'nginx:config',
    tplroot: 'nginx',
    tpldir: 'nginx/config',
    tpldot: 'nginx.config',
    tplfile: 'nginx/config/tls.sls',
    tplpath: '/srv/salt/nginx/config/tls.sls',
  });
});

test.each([
  ['nginx', '/srv/salt/nginx/init.sls', 'nginx/init.sls', 'nginx', 'nginx'],
  ['nginx.config', '/srv/salt/nginx/config/init.sls', 'nginx/config/init.sls', 'nginx/config', 'nginx/config'],
  ['top', '/srv/salt/top.sls', 'top.sls', '.', ''],
  ['', '/var/cache/files/base/app/app.conf', 'app.conf', '.', ''],
])('%s at %s is the file %s in %s', (sls, path, tplfile, tpldir, slspath) => {
  expect(slsNames(sls, path)).toMatchObject({ tplfile, tpldir, slspath });
});
