import { expect, test } from 'vitest';
import storage from '../../../../minion/grains/storage.ts';
import { fixtureRoot } from '../../../support/fixture_root.ts';
import { distributionRoot, grainSource } from '../../../support/grain_source.ts';

test('logical volumes are listed by group, without their hidden parts, and the names in storage networks', async () => {
  expect(await storage.collect(grainSource(distributionRoot('almalinux')))).toEqual({
    lvm: { almalinux: ['root', 'swap'], data: ['db-logs'] },
    iscsi_iqn: ['iqn.1994-05.com.redhat:5f3a7c1d2e4b'],
    nvme_nqn: ['nqn.2014-08.org.nvmexpress:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427'],
    fc_wwn: ['10000090fa1a1b2c', '10000090fa1a1b2d'],
  });
});

test('what a machine does not have is left out', async () => {
  const root = await fixtureRoot({ 'etc/iscsi/initiatorname.iscsi': '#InitiatorName=iqn.old\n' });
  expect(await storage.collect(grainSource(root))).toEqual({});
});
