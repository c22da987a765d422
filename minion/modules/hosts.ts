import { isIP } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { Text, TextList } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { writeFileAtomically } from '../lib/atomic_file.ts';
import { fileRoot } from '../lib/file_root.ts';
import { formatHosts, type HostLine, hostLine, parseHosts } from '../lib/hosts_file.ts';

const FILE = '/etc/hosts';
const Address = v.pipe(
  Text,
  v.check((text) => isIP(text) !== 0, 'must be an address'),
);
/** One or several, also in one text, separated by commas or blanks. */
const Names = v.pipe(
  TextList,
  v.transform((list) => list.flatMap((text) => text.split(/[\s,]+/)).filter((name) => name !== '')),
  v.check((list) => list.length > 0, 'must name a host'),
  v.check((list) => list.every((name) => /^[\w.-]+$/.test(name)), 'must be names of hosts'),
);
const Name = v.pipe(Text, v.regex(/^[\w.-]+$/, 'must be the name of a host'));

export default defineModule({
  summary: 'See and change /etc/hosts.',
  functions: {
    list_hosts: fn({
      summary: 'Return what /etc/hosts says.',
      args: {},
      returns: 'by address the names under `aliases`; comments as `comment-0` and so on.',
      examples: ["salt '*' hosts.list_hosts"],
      reads: true,
      run(context) {
        const hosts: Record<string, unknown> = {};
        const aliases = new Map<string, string[]>();
        let comments = 0;
        for (const { text, ip, names } of read(context)) {
          if (ip === undefined) {
            if (text.trimStart().startsWith('#')) hosts[`comment-${comments++}`] = text.replace(/^\s*#\s*/, '');
            continue;
          }
          const all = aliases.get(ip) ?? [];
          aliases.set(ip, [...all, ...names.filter((name) => !all.includes(name))]);
          hosts[ip] = { aliases: aliases.get(ip) };
        }
        return hosts;
      },
    }),
    get_ip: fn({
      summary: 'Return the address of a host.',
      args: { host: Text },
      returns: 'an empty text when there is none.',
      examples: ["salt '*' hosts.get_ip <hostname>"],
      reads: true,
      run: (context, { host }) => read(context).find(({ names }) => names.includes(host))?.ip ?? '',
    }),
    get_alias: fn({
      summary: 'Return the names of an address.',
      args: { ip: Text },
      examples: ["salt '*' hosts.get_alias <ip addr>"],
      reads: true,
      run: (context, { ip }) => namesOf(read(context), ip),
    }),
    has_pair: fn({
      summary: 'Return whether an address has a name, or all of several.',
      args: { ip: Text, alias: Names },
      examples: ["salt '*' hosts.has_pair <ip> <alias>"],
      reads: true,
      run(context, { ip, alias }) {
        const names = namesOf(read(context), ip);
        return alias.every((name) => names.includes(name));
      },
    }),
    set_host: fn({
      summary: 'Give an address these names and no others; with no names, leave it out.',
      args: { ip: Address, alias: v.optional(v.union([v.literal(''), Names])), comment: v.optional(Text, '') },
      returns: '``True``.',
      examples: ["salt '*' hosts.set_host <ip> <alias>"],
      async run(context, { ip, alias, comment }) {
        const lines = read(context);
        const at = lines.findIndex((line) => line.ip === ip);
        const kept = lines.filter((line) => line.ip !== ip);
        if (alias !== undefined && alias !== '') {
          const own = lines[at]?.comment ?? '';
          kept.splice(at === -1 ? kept.length : at, 0, hostLine(ip, alias, comment || own));
        }
        await write(context, kept);
        return true;
      },
    }),
    rm_host: fn({
      summary: 'Take a name away from an address.',
      args: { ip: Text, alias: Name },
      returns: '``True``.',
      examples: ["salt '*' hosts.rm_host <ip> <alias>"],
      async run(context, { ip, alias }) {
        const lines = read(context);
        if (!lines.some((line) => line.ip === ip && line.names.includes(alias))) return true;
        await write(
          context,
          lines.flatMap((line) => (line.ip === ip && line.names.includes(alias) ? without(line, alias) : [line])),
        );
        return true;
      },
    }),
    add_host: fn({
      summary: 'Add a name to an address.',
      args: { ip: Address, alias: Names },
      returns: '``True``.',
      examples: ["salt '*' hosts.add_host <ip> <alias>"],
      async run(context, { ip, alias }) {
        const lines = read(context);
        const wanted = alias.filter((name) => !namesOf(lines, ip).includes(name));
        if (wanted.length === 0) return true;
        const at = lines.findIndex((line) => line.ip === ip);
        const line = lines[at];
        if (line === undefined) lines.push(hostLine(ip, wanted));
        else lines[at] = hostLine(ip, [...line.names, ...wanted], line.comment);
        await write(context, lines);
        return true;
      },
    }),
    set_comment: fn({
      summary: 'Set the comment of an address.',
      args: { ip: Address, comment: v.pipe(Text, v.regex(/^[^\n]*$/, 'must be one line')) },
      returns: '``False`` when there is no such address.',
      examples: ["salt '*' hosts.set_comment <ip> <comment>"],
      async run(context, { ip, comment }) {
        const lines = read(context);
        if (!lines.some((line) => line.ip === ip)) return false;
        await write(
          context,
          lines.map((line) => (line.ip === ip ? hostLine(ip, line.names, comment) : line)),
        );
        return true;
      },
    }),
  },
});

function read({ root }: MinionContext): HostLine[] {
  return parseHosts(fileRoot(root).readText(FILE) ?? '');
}

function write({ root }: MinionContext, lines: readonly HostLine[]): Promise<void> {
  return writeFileAtomically(join(root, FILE), formatHosts(lines));
}

function namesOf(lines: readonly HostLine[], ip: string): string[] {
  return lines.flatMap((line) => (line.ip === ip ? line.names : []));
}

function without(line: HostLine, alias: string): HostLine[] {
  const names = line.names.filter((name) => name !== alias);
  return names.length === 0 ? [] : [hostLine(line.ip ?? '', names, line.comment)];
}
