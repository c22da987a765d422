import * as v from 'valibot';
import { FleetError } from '../../../shared/errors.ts';
import { Flag, Real } from '../../../shared/plugin/args.ts';
import { fn, type MinionContext } from '../../context.ts';

const returns = '``True``, or ``False`` when no minion runs that could hear it.';

/** What Salt tells the minion by events of its own bus. */
export const refreshFunctions = {
  refresh_beacons: fn({
    summary: "Fire the event `beacons_refresh` on the minion's own bus.",
    description:
      'Beacons need no more: what `beacons.*` changes is in force at once, and the configuration is read at the start.',
    args: {},
    returns,
    examples: ["salt '*' saltutil.refresh_beacons"],
    run: (context) => fire(context, 'beacons_refresh'),
  }),
  refresh_matchers: fn({
    summary: "Fire the event `matchers_refresh` on the minion's own bus.",
    description: 'There is nothing else to do: matchers are a part of the minion.',
    args: {},
    returns,
    examples: ["salt '*' saltutil.refresh_matchers"],
    run: (context) => fire(context, 'matchers_refresh'),
  }),
  refresh_pillar: fn({
    summary: "Fire the event `pillar_refresh` on the minion's own bus.",
    description: 'There is no pillar yet: nothing is fetched, and there is nothing to wait for.',
    args: { wait: v.optional(Flag, false), timeout: v.optional(Real, 30), clean_cache: v.optional(Flag, true) },
    returns,
    examples: ["salt '*' saltutil.refresh_pillar", "salt '*' saltutil.refresh_pillar wait=True timeout=60"],
    run: (context, { clean_cache }) => fire(context, 'pillar_refresh', { clean_cache }),
  }),
};

async function fire(
  { events }: MinionContext,
  tag: string,
  data: Readonly<Record<string, unknown>> = {},
): Promise<boolean> {
  try {
    await events.fire(tag, data);
    return true;
  } catch (error) {
    if (error instanceof FleetError && error.code === 'COMMAND_FAILED') return false;
    throw error;
  }
}
