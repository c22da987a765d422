import { ISO_FORMAT, parseTime } from '../../../shared/schedule/time_format.ts';
import type { Zone } from '../../../shared/schedule/zone.ts';

type Dict = Readonly<Record<string, unknown>>;

/** What is longer past has no say any more. */
const KEPT_MS = 86_400_000;

/** The item with one more time to leave out, and one more to run, without those that are past. */
export function addExplicit(
  item: Dict,
  times: { readonly skip: string; readonly run?: string },
  time_fmt: string,
  zone: Zone,
  nowMs: number,
): Dict {
  const isKept = ({ time, time_fmt: format = ISO_FORMAT }: { time: string; time_fmt?: string }): boolean =>
    zone.momentOf(parseTime(time, format)) > nowMs - KEPT_MS;
  const merged = (key: string, time: string | undefined): Dict => {
    // The item is one that can be used: its times were read.
    const before = ((item[key] ?? []) as { time: string; time_fmt?: string }[]).filter(isKept);
    const all = time === undefined ? before : [...before, { time, time_fmt }];
    return all.length === 0 ? {} : { [key]: all };
  };
  const { skip_explicit: _skip, run_explicit: _run, ...rest } = item;
  return { ...rest, ...merged('skip_explicit', times.skip), ...merged('run_explicit', times.run) };
}
