/** `2026-11-22T09:30:47.146000`: an event's `_stamp`, UTC, in the microsecond form that Salt writes. */
export function eventStamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 23)}000`;
}
