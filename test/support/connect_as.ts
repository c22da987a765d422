import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { masterTls } from '../../minion/link/trust.ts';
import { type Connection, type ConnectionOptions, openConnection } from '../../shared/client/connection.ts';
import type { TestFleet } from './start_fleet.ts';

/** Another client with the key and the certificate of a minion of the fleet, under any name. */
export async function connectAs(
  fleet: TestFleet,
  id: string,
  { clientId = id, received = () => undefined }: Partial<Pick<ConnectionOptions, 'clientId' | 'received'>> = {},
): Promise<Connection> {
  const read = (name: string): Promise<string> =>
    readFile(join(fleet.directory, id, 'etc/salt/pki/minion', name), 'utf8');
  const [keyPem, certPem, caPem] = await Promise.all(['minion.pem', 'minion.crt', 'minion_master.crt'].map(read));
  const [host = '', port] = fleet.address().split(':');
  return openConnection({
    endpoint: {
      kind: 'tls',
      host,
      port: Number(port),
      options: masterTls(String(caPem), { keyPem: String(keyPem), certPem: String(certPem) }),
    },
    clientId,
    username: clientId,
    keepaliveSeconds: 60,
    connectTimeoutMs: 5000,
    received,
  });
}
