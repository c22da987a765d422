import type * as v from 'valibot';
import type { Logger } from '../log.ts';
import type { TargetExpression, TargetType } from '../protocol/fields.ts';

/** A job that a reactor publishes. */
export interface ReactorJob {
  readonly tgt: TargetExpression;
  readonly tgt_type?: TargetType;
  /** `module.function`. */
  readonly fun: string;
  readonly arg?: readonly unknown[];
  readonly kwarg?: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds that the job is kept for minions that are offline. */
  readonly queue_for?: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * What a reactor may do. All of it goes through the doors that operators use, in the name of `Reactor`. After a crash the
 * same event may come again: the jobs of the first time are then not published again, in the order in which they were
 * asked for, and functions that change something are not called again.
 */
export interface ReactorContext {
  /** Publishes a job and gives its jid; nobody waits for the returns. */
  publish(job: ReactorJob): Promise<string>;
  /** Calls a runner and gives what it returns. */
  runner(fun: string, kwarg?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Calls a wheel function. */
  wheel(fun: string, kwarg?: Readonly<Record<string, unknown>>): Promise<unknown>;
  readonly log: Logger;
}

export interface ReactorEvent<D> {
  readonly tag: string;
  readonly data: D;
  /** Its number in the event log. */
  readonly cursor: number;
}

/** A reactor in TypeScript or JavaScript: one file in a folder of `reactor_dirs`, whose default export it is. */
export interface ReactorSpec<S extends v.GenericSchema> {
  /** One sentence with a full stop. */
  readonly summary: string;
  /** Glob of the tags of the events that it reacts to. */
  readonly tag: string;
  /** The shape of an event's data; an event that has another is a failed reaction. Left out: any. */
  readonly event?: S;
  /** Has a minute. Events of one tag come in their order, one after the other. */
  react(context: ReactorContext, event: ReactorEvent<v.InferOutput<S>>): Promise<void> | void;
}

/** A reactor of any event, as the master sees it. */
export interface AnyReactor extends Omit<ReactorSpec<v.GenericSchema>, 'react'> {
  react(context: ReactorContext, event: ReactorEvent<unknown>): Promise<void> | void;
}

/** Ties the type of the event's data to the schema beside it. */
export function defineReactor<const S extends v.GenericSchema<Readonly<Record<string, unknown>>, unknown>>(
  spec: ReactorSpec<S>,
): AnyReactor {
  return spec as unknown as AnyReactor;
}

/** Why a file's default export is no reactor, or undefined when it is one. */
export function whyNoReactor(value: unknown): string | undefined {
  const spec = value as Partial<AnyReactor> | null;
  if (typeof spec !== 'object' || spec === null) return 'its default export is no reactor';
  if (typeof spec.summary !== 'string' || !/^[A-Z].*\.$/.test(spec.summary))
    return 'its summary is no sentence with a full stop';
  if (typeof spec.tag !== 'string' || spec.tag === '') return 'its tag is no glob of tags';
  if (typeof spec.react !== 'function') return 'it has no function react';
  return undefined;
}
