import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { readPrivateFile, writePrivateFile } from '../../shared/crypto/private_file.ts';
import { FleetError } from '../../shared/errors.ts';
import { limitParallel } from '../../shared/limit_parallel.ts';
import { makeFolder } from '../../shared/make_folder.ts';

/** Declarations under way at a time: an operator hears each answer by a filter, of which it may have 32. */
const AT_A_TIME = 16;

/** What a constrained minion is declared with, in the words of the wheel function `key.add_constrained`. */
export const Declaration = v.object({
  /** Largest whole MQTT packet that it takes, bytes. */
  max_packet: v.number(),
  /** All that it can do, beside `test.ping`. */
  functions: v.array(v.string()),
  trust: v.picklist(['hmac', 'connection']),
});
export type Declaration = v.InferOutput<typeof Declaration>;

/** What it is flashed with, of the answer of `key.add_constrained`. */
const Flashed = v.object({
  password: v.string(),
  /** Hex digits; left out: its jobs are not signed. */
  hmac_key: v.optional(v.string()),
  /** Null: the master has no listener without TLS. */
  tcp_port: v.nullable(v.number()),
});
export type Flashed = v.InferOutput<typeof Flashed>;

const Kept = v.pipe(v.string(), v.parseJson(), v.object({ declaration: Declaration, flashed: Flashed }));

export interface DeclareAllOptions {
  readonly ids: readonly string[];
  /** A directory for each below it. */
  readonly directory: string;
  readonly declaration: Declaration;
  /** Gives what `key.add_constrained` answers. */
  readonly declare: (id: string, declaration: Declaration) => Promise<unknown>;
  readonly signal: AbortSignal;
}

/**
 * What each minion is flashed with, by id. Those that were declared before with the same words are left alone; for it
 * is kept, and the master shows a password once.
 */
export async function declareAll(options: DeclareAllOptions): Promise<ReadonlyMap<string, Flashed>> {
  const turn = limitParallel(AT_A_TIME);
  const declareOne = async (id: string): Promise<readonly [string, Flashed][]> =>
    options.signal.aborted ? [] : [[id, await flashedOf(options, id)]];
  return new Map((await Promise.all(options.ids.map((id) => turn(() => declareOne(id))))).flat());
}

async function flashedOf({ directory, declaration, declare }: DeclareAllOptions, id: string): Promise<Flashed> {
  const home = join(directory, id);
  const path = join(home, 'constrained.json');
  const kept = await readKept(path);
  if (kept !== undefined && isDeepStrictEqual(kept.declaration, declaration)) return kept.flashed;
  const flashed = v.parse(Flashed, await declare(id, declaration));
  await makeFolder('--directory', home);
  await writePrivateFile(path, `${JSON.stringify({ declaration, flashed })}\n`);
  return flashed;
}

async function readKept(path: string): Promise<v.InferOutput<typeof Kept> | undefined> {
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  const kept = v.safeParse(Kept, text);
  if (kept.success) return kept.output;
  throw new FleetError('CONFIG_INVALID', `${path} is not what salt-emulate wrote`, {
    hint: 'remove it, and the minion is declared anew with --operator-socket',
  });
}
