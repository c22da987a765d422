import * as v from 'valibot';
import { fn, type MinionContext } from '../../context.ts';
import { fileRoot } from '../file_root.ts';
import {
  isDefaultRoute,
  type Route,
  readArp,
  readIp4Routes,
  readIp6Routes,
  readSockets,
  type Socket,
} from '../proc_net.ts';
import { socketOwners } from '../socket_owners.ts';

/** The functions of the network module that read the kernel's tables of routes, neighbours and sockets. */

const Family = v.optional(v.picklist(['inet', 'inet6'], 'must be inet or inet6'));

export const tableFunctions = {
  routes: fn({
    summary: 'Return the routes.',
    args: { family: Family },
    examples: ["salt '*' network.routes", "salt '*' network.routes inet6"],
    reads: true,
    run: (context, { family }) => routes(context, family),
  }),
  default_route: fn({
    summary: 'Return the default routes.',
    args: { family: Family },
    examples: ["salt '*' network.default_route"],
    reads: true,
    run: (context, { family }) => routes(context, family).filter(isDefaultRoute),
  }),
  arp: fn({
    summary: 'Return the neighbours that ARP knows: hardware address to IPv4 address.',
    args: {},
    examples: ["salt '*' network.arp"],
    reads: true,
    run: (context) => readArp(fileRoot(context.root)),
  }),
  ip_neighs: fn({
    summary: 'Return the neighbours that the kernel knows by IPv4: hardware address to address.',
    args: {},
    examples: ["salt '*' network.ip_neighs"],
    reads: true,
    run: (context) => neighbours(context, '-4'),
  }),
  ip_neighs6: fn({
    summary: 'Return the neighbours that the kernel knows by IPv6: hardware address to address.',
    args: {},
    examples: ["salt '*' network.ip_neighs6"],
    reads: true,
    run: (context) => neighbours(context, '-6'),
  }),
  netstat: fn({
    summary: 'Return the TCP and UDP sockets with their owners.',
    args: {},
    examples: ["salt '*' network.netstat"],
    reads: true,
    run: (context) => netstat(context),
  }),
  active_tcp: fn({
    summary: 'Return the TCP connections that are established.',
    args: {},
    examples: ["salt '*' network.active_tcp"],
    reads: true,
    async run(context) {
      const sockets = await readSockets(fileRoot(context.root), ['tcp', 'tcp6']);
      const active = sockets.filter(({ state }) => state === 'ESTABLISHED');
      return Object.fromEntries(active.map((socket, index) => [String(index), connection(socket)]));
    },
  }),
};

function routes({ root }: MinionContext, family: 'inet' | 'inet6' | undefined): Route[] {
  const files = fileRoot(root);
  return [...(family === 'inet6' ? [] : readIp4Routes(files)), ...(family === 'inet' ? [] : readIp6Routes(files))];
}

/** Lines such as `192.0.2.1 dev eth0 lladdr 02:fc:00:00:00:05 REACHABLE`; one that does not answer has no lladdr. */
async function neighbours({ exec }: MinionContext, family: '-4' | '-6'): Promise<Record<string, string>> {
  const { stdout } = await exec(['ip', family, 'neigh', 'show']);
  const rows = stdout.split('\n').map((line) => /^(\S+) .*\blladdr (\S+)/.exec(line));
  return Object.fromEntries(rows.flatMap((row) => (row === null ? [] : [[row[2] ?? '', row[1] ?? '']])));
}

function connection({ localAddress, localPort, remoteAddress, remotePort }: Socket): Record<string, unknown> {
  return { local_addr: localAddress, local_port: localPort, remote_addr: remoteAddress, remote_port: remotePort };
}

async function netstat({ root }: MinionContext): Promise<Record<string, unknown>[]> {
  const [sockets, owners] = await Promise.all([
    readSockets(fileRoot(root), ['tcp', 'tcp6', 'udp', 'udp6']),
    socketOwners(root),
  ]);
  return sockets.map((socket) => ({
    proto: socket.proto,
    'recv-q': String(socket.receiveQueue),
    'send-q': String(socket.sendQueue),
    'local-address': `${socket.localAddress}:${socket.localPort}`,
    'remote-address': `${socket.remoteAddress}:${socket.remotePort === 0 ? '*' : socket.remotePort}`,
    ...(socket.proto.startsWith('tcp') && { state: socket.state }),
    user: socket.uid,
    inode: socket.inode,
    program: owners.get(socket.inode) ?? '-',
  }));
}
