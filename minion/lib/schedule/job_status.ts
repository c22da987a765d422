import type { ItemState } from '../../../shared/schedule/decide.ts';

/** What is known of an item, under the names that Salt notes it by. */
export function describeStatus(
  state: ItemState | undefined,
  format: (ms: number) => string,
): Readonly<Record<string, unknown>> {
  if (state === undefined) return {};
  const { due, last_run, runs, skipped } = state;
  return {
    _runs: runs,
    ...(last_run !== undefined && { _last_run: format(last_run) }),
    ...(due !== undefined && { _next_fire_time: format(due.fire), _next_scheduled_fire_time: format(due.at) }),
    ...(due !== undefined && due.fire !== due.at && { _splay: format(due.fire) }),
    ...(skipped !== undefined && {
      _skipped: true,
      _skip_reason: skipped.reason,
      _skipped_time: format(skipped.at),
    }),
  };
}
