import { resolve } from 'node:path';
import { Command } from 'commander';
import { type Behaviour, goodBehaviour, misbehaviours } from '../minion/emulator/behaviour.ts';
import { ownFunctions } from '../minion/emulator/constrained_functions.ts';
import type { Declaration } from '../minion/emulator/declare_all.ts';
import { FleetError } from '../shared/errors.ts';
import { isMinionId } from '../shared/ids.ts';
import { durationSeconds, wholeNumber } from './command_line.ts';
import { addCommonOptions, type CommonOptions } from './command_options.ts';

/** What `salt-emulate` was asked for. */
export interface EmulateOptions {
  readonly ids: readonly string[];
  /** As in the configuration of a minion; undefined: what stands there. */
  readonly master: string | undefined;
  readonly directory: string | undefined;
  /** The master's, to make a token for each minion. */
  readonly operatorSocket: string | undefined;
  readonly durable: boolean;
  /** Signatures of jobs are checked. */
  readonly verify: boolean;
  /** Undefined: they are full ones, with TLS. */
  readonly constrained: ConstrainedOptions | undefined;
  readonly behaviour: Behaviour;
  /** Undefined: no reconnect storms. */
  readonly storm: { readonly everySeconds: number; readonly share: number } | undefined;
  /** Undefined: all stay. */
  readonly churn: { readonly perSecond: number; readonly awaySeconds: number } | undefined;
  /** Events per second of all of them. */
  readonly events: number;
  readonly common: CommonOptions;
}

/** Of minions that are constrained. */
export interface ConstrainedOptions {
  /** Of the listener without TLS; undefined: the one that the master tells. */
  readonly port: number | undefined;
  readonly declaration: Declaration;
  readonly qos: 0 | 1;
}

interface Given extends CommonOptions {
  readonly minions: string;
  readonly prefix: string;
  readonly first: string;
  readonly master?: string;
  readonly directory?: string;
  readonly operatorSocket?: string;
  readonly durable?: boolean;
  readonly verify: boolean;
  readonly constrained?: boolean;
  readonly port?: string;
  readonly maxPacket?: string;
  readonly functions?: string;
  readonly trust?: string;
  readonly qos?: string;
  readonly latency?: string;
  readonly loss?: string;
  readonly slow?: string;
  readonly slowBy?: string;
  readonly late?: string;
  readonly lateBy?: string;
  readonly silent?: string;
  readonly duplicates?: string;
  readonly garbage?: string;
  readonly impostors?: string;
  readonly flood?: string;
  readonly frozen?: string;
  readonly storm?: string;
  readonly stormShare: string;
  readonly churn?: string;
  readonly churnAway: string;
  readonly events?: string;
}

/** What `salt-emulate` takes. */
export function emulateCommand(): Command {
  return addCommonOptions(new Command('salt-emulate').description('Runs many emulated minions in one process.'))
    .option('-n, --minions <count>', 'how many', '100')
    .option('--prefix <text>', 'what their ids begin with, before a number', 'emu')
    .option('--first <number>', 'the number of the first', '1')
    .option('--master <address>', 'host or host:port, instead of the configured one')
    .option('--directory <dir>', 'where keys and certificates are kept (default: ~/.cache/salt-emulate/<master>)')
    .option('--operator-socket <path>', "the master's operator.sock: each minion is accepted with a token of its own")
    .option('--durable', 'keep ledger and outbox on disk, as real minions do')
    .option('--no-verify', 'take jobs without checking their signatures, to measure what that costs')
    .option('--constrained', 'constrained minions: over TCP without TLS, each with a password and an HMAC key')
    .option('--port <number>', 'constrained: of the listener without TLS (default: the one that the master tells)')
    .option('--max-packet <bytes>', 'constrained: the largest MQTT packet that each takes (default: 256)')
    .option('--functions <list>', 'constrained: what each can do beside test.ping and the like: led.set,sensor.read')
    .option('--trust <what>', 'constrained: hmac, jobs are signed (default); connection, they are not')
    .option('--qos <level>', 'constrained: 1, acknowledged (default), or 0')
    .option('--latency <ms>', 'what minions send arrives so much later: 20, or 20-80')
    .option('--loss <share>', 'of the returns are lost, such as 1%')
    .option('--slow <share>', 'of the minions answer late')
    .option('--slow-by <duration>', 'how late', '5s')
    .option('--late <share>', 'of the minions return when the master may have given them up')
    .option('--late-by <duration>', 'so much later', '60s')
    .option('--silent <share>', 'of the minions take jobs and never answer')
    .option('--duplicates <share>', 'of the minions send each return twice')
    .option('--garbage <share>', 'of the minions send random bytes for each return')
    .option('--impostors <share>', 'of the minions send each return in the name of another')
    .option('--flood <share>', 'of the minions send events as fast as they can')
    .option('--frozen <share>', 'of the minions read nothing more once a job has come')
    .option('--storm <duration>', 'so often connections end at once and are made again')
    .option('--storm-share <share>', 'of the connections', '100%')
    .option('--churn <rate>', 'so many minions a second leave, and come back')
    .option('--churn-away <duration>', 'after so long', '10s')
    .option('--events <rate>', 'events per second, of all of them together');
}

/** Throws USAGE. */
export function readEmulateOptions(command: Command): EmulateOptions {
  const given = command.opts<Given>();
  const { master, directory, operatorSocket } = given;
  return {
    ids: readIds(given),
    master,
    directory: directory === undefined ? undefined : resolve(directory),
    operatorSocket: operatorSocket === undefined ? undefined : resolve(operatorSocket),
    durable: given.durable === true,
    verify: given.verify,
    constrained: readConstrained(given),
    behaviour: readBehaviour(given),
    storm:
      given.storm === undefined
        ? undefined
        : {
            everySeconds: durationSeconds(given.storm, '--storm'),
            share: readShare(given.stormShare, '--storm-share'),
          },
    churn: readChurn(given),
    events: given.events === undefined ? 0 : wholeNumber(given.events, '--events'),
    common: given,
  };
}

function readChurn({ churn, churnAway }: Given): EmulateOptions['churn'] {
  if (churn === undefined) return undefined;
  if (/^\d{1,4}(\.\d{1,3})?$/.test(churn) && Number(churn) > 0) {
    return { perSecond: Number(churn), awaySeconds: durationSeconds(churnAway, '--churn-away') };
  }
  throw new FleetError('USAGE', `--churn ${churn} is not a number of minions a second`, { hint: 'write 2, or 0.5' });
}

/** Those that mean nothing without --constrained. */
const CONSTRAINED_ONLY = {
  port: '--port',
  maxPacket: '--max-packet',
  functions: '--functions',
  trust: '--trust',
  qos: '--qos',
} as const;

function readConstrained(given: Given): ConstrainedOptions | undefined {
  if (given.constrained !== true) {
    const odd = Object.entries(CONSTRAINED_ONLY).find(
      ([name]) => given[name as keyof typeof CONSTRAINED_ONLY] !== undefined,
    );
    if (odd === undefined) return undefined;
    throw new FleetError('USAGE', `${odd[1]} is for constrained minions`, { hint: 'add --constrained' });
  }
  if (given.durable === true) {
    throw new FleetError('USAGE', '--durable is not for constrained minions, which keep nothing on a disk', {
      hint: 'leave out --durable or --constrained',
    });
  }
  const { port, maxPacket = '256', functions = '', trust = 'hmac', qos = '1' } = given;
  const more = functions
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    port: port === undefined ? undefined : wholeNumber(port, '--port'),
    declaration: {
      max_packet: wholeNumber(maxPacket, '--max-packet', 128),
      functions: [...ownFunctions, ...more],
      trust: oneOf(['hmac', 'connection'], trust, '--trust'),
    },
    qos: oneOf(['0', '1'], qos, '--qos') === '0' ? 0 : 1,
  };
}

function oneOf<const T extends string>(words: readonly T[], text: string, option: string): T {
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  throw new FleetError('USAGE', `${option} ${text} is not one of ${words.join(', ')}`);
}

function readIds({ minions, prefix, first }: Given): string[] {
  const from = wholeNumber(first, '--first');
  const ids = Array.from({ length: wholeNumber(minions, '--minions') }, (_, index) => `${prefix}${from + index}`);
  if (ids.every(isMinionId)) return ids;
  throw new FleetError('USAGE', `--prefix ${prefix} cannot begin the id of a minion`, {
    hint: 'write letters, digits, - and .',
  });
}

function readBehaviour(given: Given): Behaviour {
  const shares = misbehaviours.map((name) => [name, readShare(given[name], `--${name}`)] as const);
  if (shares.reduce((sum, [, share]) => sum + share, 0) > 1) {
    throw new FleetError('USAGE', 'more than 100% of the minions misbehave', {
      hint: `lower one of ${misbehaviours.map((name) => `--${name}`).join(', ')}`,
    });
  }
  return {
    ...goodBehaviour,
    ...(Object.fromEntries(shares) as Record<(typeof misbehaviours)[number], number>),
    latencyMs: readLatency(given.latency ?? '0'),
    loss: readShare(given.loss, '--loss'),
    slowMs: durationSeconds(given.slowBy ?? '5s', '--slow-by') * 1000,
    lateMs: durationSeconds(given.lateBy ?? '60s', '--late-by') * 1000,
  };
}

function readLatency(text: string): Behaviour['latencyMs'] {
  const [, from = '', to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  if (from !== '' && Number(from) <= Number(to)) return { from: Number(from), to: Number(to) };
  throw new FleetError('USAGE', `--latency ${text} is not a number of milliseconds`, { hint: 'write 20, or 20-80' });
}

/** `5%` as 0.05. */
function readShare(text = '0%', option: string): number {
  const share = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1] ?? Number.NaN) / 100;
  if (share >= 0 && share <= 1) return share;
  throw new FleetError('USAGE', `${option} ${text} is not a share`, { hint: 'write 5%, from 0% to 100%' });
}
