import { defineRunner, fn } from '../context.ts';
import type { Fleet } from '../fleet.ts';

export default defineRunner({
  summary: 'Which minions are up and which are down, as the broker sees them.',
  functions: {
    up: fn({
      summary: 'Print the minions that are connected.',
      args: {},
      examples: ['salt-run manage.up'],
      reads: true,
      run: ({ fleet }) => up(fleet),
    }),
    down: fn({
      summary: 'Print the accepted minions that are not connected.',
      args: {},
      examples: ['salt-run manage.down'],
      reads: true,
      run: ({ fleet }) => down(fleet),
    }),
    status: fn({
      summary: 'Print both, as two lists.',
      args: {},
      examples: ['salt-run manage.status'],
      reads: true,
      run: ({ fleet }) => ({ down: down(fleet), up: up(fleet) }),
    }),
    present: fn({
      summary: 'Print the minions that are connected, as manage.up does.',
      args: {},
      examples: ['salt-run manage.present'],
      reads: true,
      run: ({ fleet }) => up(fleet),
    }),
    not_present: fn({
      summary: 'Print the accepted minions that are not connected, as manage.down does.',
      args: {},
      examples: ['salt-run manage.not_present'],
      reads: true,
      run: ({ fleet }) => down(fleet),
    }),
    versions: fn({
      summary: 'Print the version of the master and, by how they compare with it, of the minions that are connected.',
      args: {},
      examples: ['salt-run manage.versions'],
      reads: true,
      run: ({ fleet, version }) => versions(fleet, version),
    }),
    capabilities: fn({
      summary:
        'Print what each connected minion can do: its version, the largest packet it takes, its window and encoding.',
      args: {},
      examples: ['salt-run manage.capabilities'],
      reads: true,
      run: ({ fleet }) => Object.fromEntries(up(fleet).map((id) => [id, fleet.info(id)])),
    }),
  },
});

type Seen = Pick<Fleet, 'ids' | 'isOnline' | 'info'>;

function up(fleet: Seen): string[] {
  return fleet
    .ids()
    .filter((id) => fleet.isOnline(id))
    .sort();
}

function down(fleet: Seen): string[] {
  return fleet
    .ids()
    .filter((id) => !fleet.isOnline(id))
    .sort();
}

/** By Salt's headings; what other software says of itself stands under one of its own. */
function versions(fleet: Seen, master: string): Record<string, unknown> {
  const found: Record<string, Record<string, string>> = {};
  for (const id of up(fleet)) {
    const { version: told = 'unknown' } = fleet.info(id);
    const [, version] = /^brine (\d+(?:\.\d+)*)/.exec(told) ?? [];
    const heading = version === undefined ? 'Other software' : String(headings[1 + compareVersions(version, master)]);
    found[heading] ??= {};
    found[heading][id] = version ?? told;
  }
  return { Master: master, ...found };
}

const headings = ['Minion requires update', 'Up to date', 'Minion newer than master'] as const;

/** -1, 0 or 1, by the numbers between the dots. */
function compareVersions(one: string, other: string): number {
  return Math.sign(one.localeCompare(other, 'en', { numeric: true }));
}
