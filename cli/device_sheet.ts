/** What `key.add_constrained` returns. */
export interface AddedDevice {
  readonly id: string;
  readonly class: number;
  readonly max_packet: number;
  /** Where the listener without TLS is; null: the master has none. */
  readonly tcp_interface: string | null;
  readonly tcp_port: number | null;
  readonly tls_port: number;
  readonly user: string;
  readonly password: string;
  readonly hmac_key?: string;
}

export const sheetForms = ['text', 'c', 'json'] as const;
export type SheetForm = (typeof sheetForms)[number];

/** All that a constrained minion is flashed with: for a person, for its sources, for a program. */
export function deviceSheet(device: AddedDevice, host: string, forms: readonly SheetForm[] = sheetForms): string {
  return forms.map((form) => writers[form](device, host)).join('\n\n');
}

const writers: Readonly<Record<SheetForm, (device: AddedDevice, host: string) => string>> = {
  text: ({ id, class: size, max_packet, tcp_interface, tcp_port, tls_port, user, password, hmac_key }, host) =>
    [
      `Constrained minion ${id}, class ${size}, packets of at most ${max_packet} bytes. The password is not shown again.`,
      `  host:      ${host}`,
      `  port:      ${tcp_port === null ? '' : `${tcp_port} without TLS${reachOf(tcp_interface)}, `}${tls_port} with TLS`,
      `  user:      ${user}`,
      `  password:  ${password}`,
      `  hmac key:  ${hmac_key ?? 'none, its jobs are not signed'}`,
      `  client id: ${id} to hear jobs; any other to publish only`,
      `  subscribe: salt/job/${id}`,
    ].join('\n'),
  c: ({ id, max_packet, tcp_port, tls_port, user, password, hmac_key }, host) =>
    [
      `#define SALT_HOST "${host}"`,
      `#define SALT_PORT ${tcp_port ?? tls_port}`,
      `#define SALT_ID "${id}"`,
      `#define SALT_USER "${user}"`,
      `#define SALT_PASSWORD "${password}"`,
      ...(hmac_key === undefined ? [] : [`#define SALT_HMAC_KEY "${hmac_key}"`]),
      `#define SALT_MAX_PACKET ${max_packet}`,
    ].join('\n'),
  json: (device, host) => JSON.stringify({ host, ...device }),
};

/** A device elsewhere would knock in vain: said before it is flashed. */
function reachOf(address: string | null): string {
  return /^(localhost|127\.[\d.]+|::1)$/.test(address ?? '') ? ' for this machine alone (tcp_interface)' : '';
}
