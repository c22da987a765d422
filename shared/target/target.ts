import { FleetError } from '../errors.ts';
import type { TargetExpression, TargetType } from '../protocol/fields.ts';
import { type IpNetwork, networkContains, parseIp, parseNetwork } from '../render/net/ip_network.ts';
import { globMatcher } from './glob.ts';
import { compileDataMatcher, type DataMatcher, type MakeTest } from './match_data.ts';
import { parseTarget, type TargetSurroundings } from './parse_target.ts';
import { leafText, type TargetLeaf, type TargetNode } from './target_node.ts';

/** What a target looks at: the same on the master, which predicts, and on the minion, which decides. */
export interface TargetFacts {
  readonly id: string;
  /** Left out: none are known, and nothing that asks for them matches. */
  readonly grains?: Readonly<Record<string, unknown>> | undefined;
}

export type TargetMatcher = (facts: TargetFacts) => boolean;

/** A leaf that can be asked. */
export interface CompiledLeaf {
  readonly op: 'match';
  readonly leaf: TargetLeaf;
  readonly matches: TargetMatcher;
  /** For what looks at grains. */
  readonly data?: DataMatcher;
}

/** A target that can be asked, whole or in parts. */
export type CompiledTarget =
  | CompiledLeaf
  | { readonly op: 'not'; readonly node: CompiledTarget }
  | { readonly op: 'and' | 'or'; readonly left: CompiledTarget; readonly right: CompiledTarget };

/** Compiles a target once, to be asked of many minions. Throws TARGET_INVALID. */
export async function matcherOf(
  tgt: TargetExpression,
  tgtType: TargetType,
  surroundings?: TargetSurroundings,
): Promise<TargetMatcher> {
  const compiled = await compileTarget(parseTarget(tgt, tgtType, surroundings));
  return (facts) => asks(compiled, facts);
}

export async function compileTarget(node: TargetNode): Promise<CompiledTarget> {
  switch (node.op) {
    case 'not':
      return { op: 'not', node: await compileTarget(node.node) };
    case 'match':
      return compileLeaf(node);
    default:
      return { op: node.op, left: await compileTarget(node.left), right: await compileTarget(node.right) };
  }
}

export function asks(target: CompiledTarget, facts: TargetFacts): boolean {
  switch (target.op) {
    case 'match':
      return target.matches(facts);
    case 'not':
      return !asks(target.node, facts);
    case 'and':
      return asks(target.left, facts) && asks(target.right, facts);
    case 'or':
      return asks(target.left, facts) || asks(target.right, facts);
  }
}

async function compileLeaf(leaf: TargetLeaf): Promise<CompiledLeaf> {
  const pattern = typeof leaf.pattern === 'string' ? leaf.pattern : '';
  switch (leaf.kind) {
    case 'glob': {
      const matches = globMatcher(pattern);
      return { op: 'match', leaf, matches: ({ id }) => matches(id) };
    }
    case 'pcre': {
      const regex = await regexOf(pattern);
      // Anchored at the start only, as Python's re.match (TGT-2).
      return { op: 'match', leaf, matches: ({ id }) => regex.matchesStart(id) };
    }
    case 'list': {
      const ids = new Set(leaf.pattern);
      return { op: 'match', leaf, matches: ({ id }) => ids.has(id) };
    }
    case 'grain':
    case 'grain_pcre': {
      const makeTest = leaf.kind === 'grain' ? globTest : await regexTests(pattern, leaf.delimiter);
      const data = compileDataMatcher(pattern, leaf.delimiter, makeTest);
      return { op: 'match', leaf, data, matches: ({ grains }) => grains !== undefined && data.matches(grains) };
    }
    case 'ipcidr':
      return { op: 'match', leaf, ...addressMatcher(pattern) };
    default:
      throw new FleetError('TARGET_INVALID', `${leafText(leaf)}: there is no pillar to look at yet`, {
        hint: 'use grains, such as G@os:Debian',
      });
  }
}

const globTest: MakeTest = (pattern) => {
  const matches = globMatcher(pattern.toLowerCase());
  return (text) => matches(text.toLowerCase());
};

/** Loaded when it is wanted: the engine is large, and most minions never see a regular expression. */
async function regexOf(pattern: string) {
  const { compileRegex } = await import('./regex.ts');
  return compileRegex(pattern);
}

/** All that may stand before a value is tried as a pattern: one that cannot be read is an error if none can. */
async function regexTests(expression: string, delimiter: string): Promise<MakeTest> {
  const { compileRegex, pythonRegexFlags } = await import('./regex.ts');
  const flags = pythonRegexFlags(['IGNORECASE']);
  compileRegex(expression.slice(expression.indexOf(delimiter) + delimiter.length), { flags });
  return (pattern) => {
    try {
      const regex = compileRegex(pattern, { flags });
      return (text) => regex.matchesStart(text);
    } catch (error) {
      if (error instanceof FleetError) return () => false;
      throw error;
    }
  };
}

/** An address or a network, against the grains `ipv4` and `ipv6` (TGT-9). */
function addressMatcher(pattern: string): Pick<CompiledLeaf, 'matches' | 'data'> {
  const network = parseNetwork(pattern);
  if (network === undefined) {
    throw new FleetError('TARGET_INVALID', `'${pattern}' is neither an address nor a network`, {
      hint: 'write 192.0.2.7, 10.0.0.0/8 or fd00::/8',
    });
  }
  const name = network.version === 4 ? 'ipv4' : 'ipv6';
  const isInside = network.version === 4 ? insideIpv4(network) : insideAny(network);
  const matches = (grains: Readonly<Record<string, unknown>>): boolean => {
    const addresses = grains[name];
    return Array.isArray(addresses) && addresses.some((address) => isInside(String(address)));
  };
  return {
    data: { matches, simple: { name, test: isInside, pattern } },
    matches: ({ grains }) => grains !== undefined && matches(grains),
  };
}

function insideAny(network: IpNetwork): (address: string) => boolean {
  return (address) => {
    const ip = parseIp(address);
    return ip !== undefined && networkContains(network, ip);
  };
}

/** In plain numbers: ten thousand minions are asked in a few milliseconds. */
function insideIpv4({ value, prefixLength }: IpNetwork): (address: string) => boolean {
  const first = Number(value);
  const last = first + 2 ** (32 - prefixLength) - 1;
  return (address) => {
    const number = ipv4Number(address);
    return number >= first && number <= last;
  };
}

/** -1 when it is none. */
function ipv4Number(address: string): number {
  let number = 0;
  let octet = -1;
  let dots = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === 46 && octet !== -1) {
      number = number * 256 + octet;
      octet = -1;
      dots++;
    } else if (code >= 48 && code <= 57) {
      octet = Math.max(octet, 0) * 10 + code - 48;
      if (octet > 255) return -1;
    } else return -1;
  }
  return dots === 3 && octet !== -1 ? number * 256 + octet : -1;
}
