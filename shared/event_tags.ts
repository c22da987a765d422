const OWN = ['start', 'returner'] as const;

/**
 * Which tags a minion may fire on the master's bus: its own start, its own beacons and returners, and anything outside
 * `salt/` and the bare tags that Salt's own parts listen to. An allow list, because Salt's deny list was not enough
 * (CVE-2025-22239).
 */
export function mayFire(id: string, tag: string): boolean {
  if (tag.startsWith('salt/')) {
    return OWN.some((kind) => tag === `salt/minion/${id}/${kind}`) || tag.startsWith(`salt/beacon/${id}/`);
  }
  return tag.includes('/') && !tag.startsWith('minion/') && !tag.startsWith('$');
}
