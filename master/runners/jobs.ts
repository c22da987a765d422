import * as v from 'valibot';
import { nowSeconds } from '../../shared/clock.ts';
import { FleetError } from '../../shared/errors.ts';
import { jidStartTime } from '../../shared/ids.ts';
import { createPace, eachInTurns } from '../../shared/pace.ts';
import { Count, Flag, Text, TextList } from '../../shared/plugin/args.ts';
import { hidePositional } from '../../shared/plugin/hide_arguments.ts';
import { globMatcher } from '../../shared/target/glob.ts';
import { defineRunner, fn, type MasterContext } from '../context.ts';
import type { JobHeader, JobRecord } from '../jobs/job_store.ts';
import { isKeptCall } from '../jobs/keep_call.ts';

const jidArg = { jid: Text };

export default defineRunner({
  summary: 'Look at jobs that ran or are running.',
  functions: {
    lookup_jid: fn({
      summary: 'Return the printout from a previously executed job.',
      args: {
        jid: Text,
        ext_source: v.optional(Text),
        returned: v.optional(Flag, true),
        missing: v.optional(Flag, false),
      },
      returns: 'what each minion returned; with missing=True those that did not are named.',
      examples: ['salt-run jobs.lookup_jid 20261122093047146206'],
      reads: true,
      async run(context, { jid, returned, missing }) {
        const record = find(context, jid);
        const returns = await context.jobs.returns(record.jid);
        const out = [...returns.values()].find((result) => result.out !== undefined)?.out;
        if (out !== undefined) context.setOut(out);
        const found: Record<string, unknown> = {};
        if (returned) {
          for (const [id, result] of returns) {
            found[id] = result.return;
            context.setParts([id], record.jid, result);
          }
        }
        if (!missing) return found;
        const pace = createPace();
        for (const id of record.minions) {
          if (!returns.has(id)) found[id] = stateText(context, record, id);
          await pace();
        }
        return found;
      },
    }),
    list_job: fn({
      summary: 'List a specific job given by its jid.',
      args: jidArg,
      examples: ['salt-run jobs.list_job 20261122093047146206'],
      reads: true,
      async run(context, { jid }) {
        const record = find(context, jid);
        return {
          ...describe(record),
          jid: record.jid,
          Minions: record.minions,
          Result: await resultsOf(context, record, []),
        };
      },
    }),
    print_job: fn({
      summary: 'Print a specific job with what it returned, under its jid.',
      args: jidArg,
      examples: ['salt-run jobs.print_job 20261122093047146206'],
      reads: true,
      async run(context, { jid }) {
        const record = find(context, jid);
        return { [record.jid]: await print(context, record) };
      },
    }),
    list_jobs: fn({
      summary: 'List all detectable jobs and associated functions.',
      args: {
        ext_source: v.optional(Text),
        outputter: v.optional(Text),
        search_metadata: v.optional(v.record(v.string(), v.unknown())),
        search_function: v.optional(TextList),
        search_target: v.optional(TextList),
        start_time: v.optional(Text),
        end_time: v.optional(Text),
        limit: v.optional(Count, 1000),
        search_user: v.optional(TextList),
      },
      description: 'Oldest first, as Salt prints them; of more than `limit` jobs that match, the newest are shown.',
      examples: ['salt-run jobs.list_jobs', "salt-run jobs.list_jobs search_function='test.*,pkg.install'"],
      reads: true,
      async run({ jobs }, { search_metadata, start_time, end_time, limit, ...searched }) {
        const functions = anyOf(searched.search_function);
        const targets = anyOf(searched.search_target);
        const users = anyOf(searched.search_user);
        const found: JobHeader[] = [];
        for await (const record of jobs.headers()) {
          if (found.length >= limit) break;
          if (start_time !== undefined && record.jid < jidOf(start_time)) break;
          if (end_time !== undefined && record.jid > jidOf(end_time)) continue;
          if (!functions(record.fun) || !targets(String(record.tgt)) || !users(record.user)) continue;
          if (search_metadata !== undefined && !hasMetadata(record, search_metadata)) continue;
          found.push(record);
        }
        const listed: Record<string, unknown> = {};
        const pace = createPace();
        for (const record of found.reverse()) {
          listed[record.jid] = describe(record);
          await pace();
        }
        return listed;
      },
    }),
    active: fn({
      summary: 'Return a report on all actively running jobs.',
      args: {},
      description: "Beyond Salt's fields, `State` says for each minion that did not return yet where its part stands.",
      examples: ['salt-run jobs.active'],
      reads: true,
      async run(context) {
        const active: Record<string, unknown> = {};
        const pace = createPace();
        for (const { record, rows } of context.tracker.all()) {
          const running: Record<string, number | null>[] = [];
          const states: Record<string, string> = {};
          for (const row of rows.values()) {
            if (row.state === 'running') running.push({ [row.id]: row.pid ?? null });
            states[row.id] = stateText(context, record, row.id);
            await pace();
          }
          const returned = await context.jobs.returnedIds(record.jid);
          active[record.jid] = { ...describe(record), Running: running, Returned: returned, State: states };
        }
        return active;
      },
    }),
    cancel: fn({
      summary: 'Stop a job, on all minions or on those that are named.',
      args: { jid: Text, minion: v.optional(TextList) },
      description:
        'What no minion has yet is over at once. A minion that has it stops it and has the last word, now or when it comes back.',
      returns: 'the minions whose part was open.',
      examples: ['salt-run jobs.cancel 20261122093047146206', 'salt-run jobs.cancel 20261122093047146206 m1'],
      async run(context, { jid, minion }) {
        const record = find(context, jid);
        const cancelled = await context.cancelJob(record.jid, minion);
        if (cancelled.length === 0) {
          throw new FleetError('COMMAND_FAILED', `nothing to cancel: job ${jid} is over on every minion that is meant`);
        }
        return cancelled;
      },
    }),
    queue: fn({
      summary: 'List what waits for whom: jobs that a minion has not started.',
      args: { minion: v.optional(Text, '*') },
      examples: ['salt-run jobs.queue', "salt-run jobs.queue 'web*'"],
      reads: true,
      async run(context, { minion }) {
        const matches = globMatcher(minion);
        const waiting: Record<string, Record<string, string>> = {};
        const pace = createPace();
        for (const { record, rows } of context.tracker.all()) {
          for (const row of rows.values()) {
            await pace();
            if (row.state === 'running' || !matches(row.id)) continue;
            waiting[row.id] ??= {};
            (waiting[row.id] as Record<string, string>)[record.jid] =
              `${record.fun}, ${stateText(context, record, row.id)}`;
          }
        }
        return waiting;
      },
    }),
    retry: fn({
      summary: 'Publish a job again, for the minions on which it did not succeed.',
      args: { jid: Text },
      returns: 'the id of the new job and the minions it is for.',
      examples: ['salt-run jobs.retry 20261122093047146206'],
      async run(context, { jid }) {
        const record = find(context, jid);
        if (isKeptCall(record)) throw ranHere(record);
        const failed: string[] = [];
        let endedCount = 0;
        await eachInTurns(record.minions, (id) => {
          const ended = context.jobs.endedRow(record.jid, id);
          if (ended !== undefined) endedCount++;
          if (ended !== undefined && ended.state !== 'succeeded') failed.push(id);
        });
        if (failed.length === 0) throw nothingToRetry(record, endedCount);
        const { fun, arg, kwarg, metadata } = record;
        const again = await context.dispatchJob({
          op: 'job',
          tgt: failed,
          tgt_type: 'list',
          fun,
          arg: [...arg],
          kwarg: { ...kwarg },
          async: true,
          metadata: { ...metadata, retry_of: jid },
        });
        return { jid: again.jid, minions: again.minions };
      },
    }),
    last_run: fn({
      summary: 'List the most recent job that ran.',
      args: {
        metadata: v.optional(v.record(v.string(), v.unknown())),
        function: v.optional(Text, '*'),
        target: v.optional(Text, '*'),
      },
      examples: ['salt-run jobs.last_run', 'salt-run jobs.last_run function=test.ping'],
      reads: true,
      async run(context, args) {
        const matches = globMatcher(args.function);
        const targeted = globMatcher(args.target);
        for await (const header of context.jobs.headers()) {
          if (!matches(header.fun) || !targeted(String(header.tgt))) continue;
          if (args.metadata !== undefined && !hasMetadata(header, args.metadata)) continue;
          return { [header.jid]: await print(context, find(context, header.jid)) };
        }
        return {};
      },
    }),
    exit_success: fn({
      summary: 'Check if a job has been executed and exit successfully.',
      args: { jid: Text },
      returns: 'for each minion whether its part succeeded.',
      examples: ['salt-run jobs.exit_success 20261122093047146206'],
      reads: true,
      async run(context, { jid }) {
        const record = find(context, jid);
        const returns = await context.jobs.returns(record.jid);
        return Object.fromEntries(record.minions.map((id) => [id, returns.get(id)?.success === true]));
      },
    }),
  },
});

function find({ jobs }: MasterContext, jid: string): JobRecord {
  const record = jobs.job(jid);
  if (record !== undefined) return record;
  throw new FleetError('JOB_UNKNOWN', `there is no job ${jid}`, {
    hint: 'salt-run jobs.list_jobs lists those that are kept (keep_jobs_seconds)',
  });
}

function ranHere({ jid, fun }: JobRecord): FleetError {
  return new FleetError('COMMAND_FAILED', `job ${jid} was ${fun}, which ran on the master and not on minions`, {
    hint: 'call it again by salt-run',
  });
}

function nothingToRetry({ jid, minions }: JobRecord, endedCount: number): FleetError {
  const text =
    endedCount === minions.length
      ? `job ${jid} succeeded on all of its minions`
      : `job ${jid} failed on no minion yet; on ${minions.length - endedCount} it is not over`;
  return new FleetError('COMMAND_FAILED', `nothing to retry: ${text}`);
}

/** RET-7's fields, in Salt's order of printing; secrets in arguments are hidden. */
function describe(record: JobHeader): Record<string, unknown> {
  const kwargs = Object.keys(record.kwarg).length > 0 ? [{ __kwarg__: true, ...record.kwarg }] : [];
  return {
    Function: record.fun,
    Arguments: hidePositional(record.fun, [...record.arg, ...kwargs]),
    Target: record.tgt,
    'Target-type': record.tgt_type,
    User: record.user,
    ...(record.metadata !== undefined && { Metadata: record.metadata }),
    StartTime: jidStartTime(record.jid),
  };
}

/** As it stands under its jid. */
async function print(context: MasterContext, record: JobRecord): Promise<Record<string, unknown>> {
  return { ...describe(record), Minions: record.minions, Result: await resultsOf(context, record, [record.jid]) };
}

/** `at` is where the job stands in the answer. */
async function resultsOf(
  { jobs, setParts }: MasterContext,
  record: JobRecord,
  at: readonly string[],
): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const [id, result] of await jobs.returns(record.jid)) {
    const { return: value, retcode, success, out } = result;
    setParts([...at, 'Result', id, 'return'], record.jid, result);
    results[id] = { ...(out !== undefined && { out }), return: value, retcode, success };
  }
  return results;
}

/** Where a minion's part stands and since when, for a person. */
function stateText({ tracker, jobs, fleet, clock }: MasterContext, { jid }: JobRecord, id: string): string {
  const row = tracker.row(jid, id);
  if (row === undefined) {
    const ended = jobs.endedRow(jid, id);
    return ended?.reason === undefined ? (ended?.state ?? '') : `${ended.state}: ${ended.reason}`;
  }
  const { state } = row;
  if (state === 'queued' && !fleet.isOnline(id)) return `queued: ${fleet.whyOffline(id)}`;
  const text = `${state} for ${Math.max(0, nowSeconds(clock) - row.since)} s`;
  return row.reason === undefined ? text : `${text}: ${row.reason}`;
}

function hasMetadata(record: JobHeader, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => JSON.stringify(record.metadata?.[key]) === JSON.stringify(value),
  );
}

/** True for what one of the globs matches; for everything without globs. */
function anyOf(globs: readonly string[] | undefined): (text: string) => boolean {
  const matchers = globs?.map(globMatcher);
  return (text) => matchers === undefined || matchers.some((matches) => matches(text));
}

/** A time that an operator typed, UTC as `StartTime` is printed, as the smallest jid of that moment. Throws ARGS_INVALID. */
function jidOf(text: string): string {
  const ms = Date.parse(/([zZ]|UTC|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text} UTC`);
  if (Number.isNaN(ms)) {
    throw new FleetError('ARGS_INVALID', `${JSON.stringify(text)} is not a time`, { hint: 'write 2026-11-22 09:30' });
  }
  return new Date(ms).toISOString().replace(/\D/g, '').slice(0, 17).padEnd(20, '0');
}
