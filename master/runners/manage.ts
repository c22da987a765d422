import { defineRunner, fn } from '../context.ts';

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

interface Seen {
  ids(): readonly string[];
  isOnline(id: string): boolean;
}

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
