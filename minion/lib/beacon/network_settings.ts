import type { NetworkInterfaceInfo } from 'node:os';
import type { FileRoot } from '../file_root.ts';

/** By attribute of Salt's beacon the file of /sys/class/net/<name>. */
const FILES = {
  address: 'address',
  broadcast: 'broadcast',
  carrier: 'carrier',
  carrier_changes: 'carrier_changes',
  flags: 'flags',
  group: 'netdev_group',
  ifi_type: 'type',
  index: 'ifindex',
  linkmode: 'link_mode',
  mtu: 'mtu',
  operstate: 'operstate',
  txqlen: 'tx_queue_len',
} as const;

export const NETWORK_ATTRIBUTES = [
  ...(Object.keys(FILES) as (keyof typeof FILES)[]),
  ...(['ifname', 'ipaddr', 'num_rx_queues', 'num_tx_queues', 'promiscuity'] as const),
] as const;

export type NetworkSettings = Readonly<Record<(typeof NETWORK_ATTRIBUTES)[number], unknown>>;

/** IFF_PROMISC of linux/if.h. */
const PROMISCUOUS = 0x100;

/** The settings of all interfaces by name, in the words of netlink: `operstate: 'UP'`, `ipaddr: [['192.0.2.1', 24]]`. */
export function readNetworkSettings(
  files: FileRoot,
  addresses: NodeJS.Dict<NetworkInterfaceInfo[]>,
): Readonly<Record<string, NetworkSettings>> {
  const names = files.list('/sys/class/net').filter((name) => files.exists(`/sys/class/net/${name}/flags`));
  return Object.fromEntries(names.map((name) => [name, readOne(files, name, addresses[name] ?? [])]));
}

function readOne(files: FileRoot, name: string, addresses: readonly NetworkInterfaceInfo[]): NetworkSettings {
  const folder = `/sys/class/net/${name}`;
  const read = Object.fromEntries(
    Object.entries(FILES).map(([attribute, file]) => [attribute, readValue(files.readText(`${folder}/${file}`))]),
  ) as Record<keyof typeof FILES, string | number | undefined>;
  const queues = files.list(`${folder}/queues`);
  return {
    ...read,
    operstate: typeof read.operstate === 'string' ? read.operstate.toUpperCase() : read.operstate,
    ifname: name,
    ipaddr: addresses.map(({ address, cidr }) => [address, Number(cidr?.split('/')[1])]),
    num_rx_queues: queues.filter((queue) => queue.startsWith('rx-')).length,
    num_tx_queues: queues.filter((queue) => queue.startsWith('tx-')).length,
    promiscuity: (Number(read.flags) & PROMISCUOUS) === 0 ? 0 : 1,
  };
}

/** Decimal, or hexadecimal as `flags` is; undefined when the device does not have it. */
function readValue(text: string | undefined): string | number | undefined {
  const value = text?.trim();
  return value !== undefined && /^(\d+|0x[0-9a-f]+)$/.test(value) ? Number(value) : value;
}
