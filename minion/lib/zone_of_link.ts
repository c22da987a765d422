/** Names of one zone, which Intl calls UTC. */
const UTC = /^(Etc\/)?(UTC|UCT|Universal|Zulu)$/;

/** The Olson name in the target of the link `/etc/localtime`; undefined when there is none. */
export function zoneOfLink(target: string): string | undefined {
  const name = /\/zoneinfo\/(?:posix\/|right\/)?([A-Za-z][\w+/-]*)$/.exec(target)?.[1];
  return name !== undefined && UTC.test(name) ? 'UTC' : name;
}
