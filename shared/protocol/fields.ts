import * as v from 'valibot';
import { type ErrorCode, errorTable } from '../errors.ts';
import { howManyPattern } from '../how_many.ts';

/** The members that several messages share, each with its limit. */

/** Says in the reference what a member means; the check is unchanged. */
export function member<const S extends v.GenericSchema>(schema: S, meaning: string) {
  return v.pipe(schema, v.description(meaning));
}

/** `module.function`, as Salt writes it. */
export const FunctionName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][\w-]{0,62}\.[A-Za-z_]\w{0,62}$/, 'must be module.function, such as test.ping'),
);

/** Seconds since 1970, UTC. */
export const UnixTime = v.pipe(v.number(), v.integer('must be whole seconds since 1970'), v.minValue(0));

export const Args = v.array(v.unknown());
export const Kwargs = v.record(v.string(), v.unknown());
export const ShortText = v.pipe(v.string(), v.maxLength(256, 'must be at most 256 characters'));
export const UserName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/, 'must be 1 to 32 of A-Z a-z 0-9 _ . -'),
);
export const Pem = v.pipe(v.string(), v.maxLength(8192, 'must be at most 8192 characters'));
export const Retcode = v.pipe(v.number(), v.integer(), v.minValue(-255), v.maxValue(255));

export const ErrorValue = v.object({
  code: v.picklist(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]),
  message: v.string(),
  hint: v.optional(v.string()),
});

const targetTypes = [
  'glob',
  'pcre',
  'list',
  'grain',
  'grain_pcre',
  'pillar',
  'pillar_pcre',
  'pillar_exact',
  'ipcidr',
  'nodegroup',
  'compound',
] as const;
/** Salt's names of the ways to select minions (TGT-1 to TGT-14). */
export const TargetType = v.picklist(targetTypes, `must be one of ${targetTypes.join(', ')}`);
export type TargetType = v.InferOutput<typeof TargetType>;
export const TargetExpression = v.union([v.pipe(v.string(), v.maxLength(65536)), v.array(v.string())]);
export type TargetExpression = v.InferOutput<typeof TargetExpression>;

/** A whole number from 1, or a percentage such as `25%`. */
export const HowMany = v.union([
  v.pipe(v.string(), v.regex(howManyPattern, 'must be a number or a percentage')),
  v.pipe(v.number(), v.integer(), v.minValue(1)),
]);
