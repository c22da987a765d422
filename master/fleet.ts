import { type Clock, nowSeconds } from '../shared/clock.ts';
import type { TargetExpression, TargetType } from '../shared/protocol/fields.ts';
import type { InfoPayload } from '../shared/protocol/messages/job.ts';
import { type NodeGroups, parseTarget } from '../shared/target/parse_target.ts';
import { compileTarget } from '../shared/target/target.ts';
import { type TargetNode, wordsOfTarget } from '../shared/target/target_node.ts';
import { timeText } from '../shared/time_text.ts';
import type { GrainIndex } from './grains/grain_index.ts';
import type { Devices } from './keys/devices.ts';

/** The minions whose keys are accepted: who is there, since when, and what each said it can do. */
export interface Fleet {
  ids(): readonly string[];
  isOnline(id: string): boolean;
  onlineIds(): readonly string[];
  /** Seconds UTC of a minion that is online. */
  onlineSince(id: string): number;
  /** `offline since 2026-11-23 10:02:11 UTC`, or that it never connected since the master started. */
  whyOffline(id: string): string;
  /** The most modest device until the minion says otherwise. */
  info(id: string): InfoPayload;
  setInfo(id: string, info: InfoPayload): void;
  /** Why that minion cannot run a function, when that is known without asking it. */
  whyNot(id: string, fun: string): string | undefined;
  setOnline(id: string, since: number): void;
  setOffline(id: string, since: number): void;
  forget(id: string): void;
  /** Accepted minions that the target selects, sorted. Throws TARGET_INVALID. */
  match(tgt: TargetExpression, tgtType: TargetType, options?: SelectOptions): Promise<readonly string[]>;
  /** The same, and what the minions are told. */
  select(tgt: TargetExpression, tgtType: TargetType, options?: SelectOptions): Promise<Selection>;
  /** The target as a tree, node groups expanded. Throws TARGET_INVALID. */
  parse(tgt: TargetExpression, tgtType: TargetType, options?: SelectOptions): TargetNode;
}

export interface SelectOptions {
  /** Of grains and pillar. */
  readonly delimiter?: string | undefined;
  /** A compound target whose minions are left out. */
  readonly exclude?: string | undefined;
}

export interface Selection {
  readonly ids: readonly string[];
  /** A compound target that says the same where a minion could not read it: it knows no node groups. */
  readonly words?: readonly string[];
}

const MODEST: InfoPayload = { v: 1, max_packet: 256, window: 1, enc: 'json', sig: 'ed25519' };

export function createFleet(options: {
  readonly acceptedIds: () => readonly string[];
  /** Of a constrained minion what was declared counts, whatever it says. */
  readonly devices: Pick<Devices, 'get'>;
  readonly index: GrainIndex;
  readonly nodegroups: NodeGroups;
  readonly clock: Clock;
}): Fleet {
  const online = new Map<string, number>();
  const offline = new Map<string, number>();
  const infos = new Map<string, InfoPayload>();
  const startedAt = nowSeconds(options.clock);
  const parse: Fleet['parse'] = (tgt, tgtType, { delimiter, exclude } = {}) => {
    const { nodegroups } = options;
    const node = parseTarget(tgt, tgtType, { delimiter, nodegroups });
    if (exclude === undefined) return node;
    return { op: 'and', left: node, right: { op: 'not', node: parseTarget(exclude, 'compound', { nodegroups }) } };
  };
  const select: Fleet['select'] = async (tgt, tgtType, selection = {}) => {
    const node = parse(tgt, tgtType, selection);
    const selected = await options.index.select(await compileTarget(node), new Set(options.acceptedIds()));
    const ids = [...selected].sort();
    return isPlain(tgt, tgtType, selection) ? { ids } : { ids, words: wordsOfTarget(node) };
  };
  return {
    ids: options.acceptedIds,
    isOnline: (id) => online.has(id),
    onlineIds: () => [...online.keys()].sort(),
    onlineSince: (id) => online.get(id) ?? 0,
    whyOffline(id) {
      const since = offline.get(id);
      return since === undefined
        ? `not connected since the master started at ${timeText(startedAt * 1000)}`
        : `offline since ${timeText(since * 1000)}`;
    },
    info: (id) => options.devices.get(id)?.info ?? infos.get(id) ?? MODEST,
    setInfo: (id, info) => void infos.set(id, info),
    whyNot(id, fun) {
      const functions = options.devices.get(id)?.functions;
      if (functions === undefined || fun === 'test.ping' || functions.includes(fun)) return undefined;
      return `${id} has no ${fun}, only ${['test.ping', ...functions].join(', ')}`;
    },
    setOnline(id, since) {
      offline.delete(id);
      online.set(id, since);
    },
    setOffline(id, since) {
      online.delete(id);
      offline.set(id, since);
    },
    forget(id) {
      online.delete(id);
      offline.delete(id);
      infos.delete(id);
    },
    match: async (tgt, tgtType, selection) => (await select(tgt, tgtType, selection)).ids,
    select,
    parse,
  };
}

/** A minion reads it as it stands. */
function isPlain(tgt: TargetExpression, tgtType: TargetType, { delimiter, exclude }: SelectOptions): boolean {
  if (delimiter !== undefined || exclude !== undefined || tgtType === 'nodegroup') return false;
  return tgtType !== 'compound' || ![tgt].flat().some((text) => text.includes('N@'));
}
