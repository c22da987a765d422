import { FleetError } from '../../shared/errors.ts';
import { hideArguments } from '../../shared/plugin/hide_arguments.ts';
import { withNamedCalls } from '../../shared/plugin/named_calls.ts';
import { pyStr } from '../../shared/python_text.ts';
import type { AuditLog } from './audit_log.ts';
import type { Blacklist, Pattern, Permission, PermissionRules } from './permission_rules.ts';

/** What somebody wants. */
export interface Question {
  readonly op: 'job' | 'runner' | 'wheel';
  readonly fun: string;
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
  /** Of a job: whom it would be for. */
  readonly minions?: readonly string[];
  readonly tgt?: unknown;
  readonly jid?: string;
}

/** The one place that decides whether somebody may, whatever door he comes through, and that writes it down. */
export interface Permissions {
  /** Throws NOT_PERMITTED. */
  check(user: string, question: Question): Promise<void>;
}

export interface PermissionOptions {
  /** Undefined: every operator may everything, but for those of `external_auth`. */
  readonly rules: PermissionRules | undefined;
  readonly blacklist: Blacklist;
  /** May everything: he owns the process, the keys and the store. */
  readonly owner: string;
  /** The master's own reactor and schedule, and peers, which have rules of their own. */
  readonly isOfTheMaster: (user: string) => boolean;
  /** Of whom a backend of `external_auth` knows; undefined for all others. */
  readonly external: (user: string) => Promise<readonly Permission[]> | undefined;
  /** Why somebody who is logged in may not be any more: it is asked each time. */
  readonly expired: (user: string) => string | undefined;
  /** Accepted minions that a compound target selects. */
  readonly match: (target: string) => Promise<readonly string[]>;
  readonly audit: AuditLog | undefined;
}

/** Salt lets everybody look for jobs that run (ACL-6). */
const ALWAYS = 'saltutil.find_job';

export function createPermissions(options: PermissionOptions): Permissions {
  return {
    async check(user, question) {
      const reason = await whyNotAny(options, user, question);
      const { op, fun, tgt, jid, minions } = question;
      options.audit?.write({
        user,
        op,
        ...hideArguments({ fun, arg: question.arg, kwarg: question.kwarg }),
        ...(tgt !== undefined && { tgt }),
        ...(minions !== undefined && { minions: minions.length }),
        ...(jid !== undefined && { jid }),
        allowed: reason === undefined,
        ...(reason !== undefined && { reason }),
      });
      if (reason === undefined) return;
      throw new FleetError('NOT_PERMITTED', reason, {
        hint: 'the master allows it by publisher_acl in its configuration',
      });
    },
  };
}

/** A job may name functions that it calls: each is a question of its own. */
async function whyNotAny(options: PermissionOptions, user: string, question: Question): Promise<string | undefined> {
  const calls = question.op === 'job' ? withNamedCalls(question) : [question];
  for (const { fun, arg, kwarg } of calls) {
    const reason = await whyNot(options, user, { ...question, fun, arg, kwarg });
    if (reason !== undefined) return fun === question.fun ? reason : `${reason}, which ${question.fun} would`;
  }
  return undefined;
}

async function whyNot(options: PermissionOptions, user: string, question: Question): Promise<string | undefined> {
  const { rules, blacklist, owner, isOfTheMaster } = options;
  const { op, fun } = question;
  if (user === owner || isOfTheMaster(user)) return undefined;
  const expired = options.expired(user);
  if (expired !== undefined) return expired;
  if (matchesAny(blacklist.users, user)) return `${user} may not do anything (publisher_acl_blacklist)`;
  if (matchesAny(blacklist.modules, fun)) return `nobody but ${owner} may call ${fun} (publisher_acl_blacklist)`;
  if (op === 'job' && fun === ALWAYS) return undefined;
  const external = await options.external(user);
  if (rules === undefined && external === undefined) return undefined;
  const granted = (rules ?? []).filter((rule) => rule.user.matches(user)).flatMap(({ permissions }) => permissions);
  const fitting = [...granted, ...(external ?? [])].filter((permission) => fits(permission, question));
  if (fitting.length === 0)
    return `${user} may not call ${op === 'job' ? '' : `${op} function `}${fun || 'whatever it is'}`;
  const outside = await minionsOutside(options, fitting, question.minions ?? []);
  if (outside.length === 0) return undefined;
  const more = outside.length > 1 ? ` and ${outside.length - 1} more` : '';
  return `${user} may not call ${fun} on ${outside[0]}${more}`;
}

function fits({ op, fun, args = [], kwargs = {} }: Permission, question: Question): boolean {
  return (
    op === question.op &&
    fun.matches(question.fun) &&
    args.every((pattern, place) => place < question.arg.length && pattern.matches(pyStr(question.arg[place]))) &&
    Object.entries(kwargs).every(
      ([name, pattern]) => Object.hasOwn(question.kwarg, name) && pattern.matches(pyStr(question.kwarg[name])),
    )
  );
}

/** Each minion must be within some permission that fits. */
async function minionsOutside(
  { match }: PermissionOptions,
  fitting: readonly Permission[],
  minions: readonly string[],
): Promise<readonly string[]> {
  if (fitting.some(({ target }) => target === undefined)) return [];
  const inside = new Set<string>();
  for (const { target = '' } of fitting) for (const id of await match(target)) inside.add(id);
  return minions.filter((id) => !inside.has(id));
}

function matchesAny(patterns: readonly Pattern[], text: string): boolean {
  return patterns.some((pattern) => pattern.matches(text));
}
