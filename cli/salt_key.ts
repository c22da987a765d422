import { hostname } from 'node:os';
import { Command } from 'commander';
import { connectOperator, type OperatorClient } from '../shared/client/operator_client.ts';
import { systemClock } from '../shared/clock.ts';
import { FleetError } from '../shared/errors.ts';
import { loadCliConfig } from './cli_config.ts';
import { durationSeconds, parseCommand, type Terminal, wholeNumber } from './command_line.ts';
import {
  addCommonOptions,
  addPrintOptions,
  type CommonOptions,
  outputOptions,
  type PrintOptions,
} from './command_options.ts';
import { type AddedDevice, deviceSheet, sheetForms } from './device_sheet.ts';
import {
  confirmQuestion,
  confirmText,
  type KeyAction,
  type KeyLists,
  type KeyStatus,
  keyListText,
  keyResultText,
  noMatchText,
  saltLists,
} from './key_printer.ts';
import { formatOutput, type OutputOptions } from './output.ts';
import { askYesNo } from './prompt.ts';

interface KeyOptions extends CommonOptions, PrintOptions {
  readonly listAll?: boolean;
  readonly list?: string;
  readonly accept?: string;
  readonly acceptAll?: boolean;
  readonly reject?: string;
  readonly rejectAll?: boolean;
  readonly delete?: string;
  readonly deleteAll?: boolean;
  readonly print?: string;
  readonly printAll?: boolean;
  readonly finger?: string;
  readonly fingerAll?: boolean;
  /** `-F master`. */
  readonly localOnly?: boolean;
  readonly genToken?: boolean;
  readonly genObserver?: string;
  readonly topics?: string;
  readonly addConstrained?: string;
  readonly class?: string;
  readonly maxPacket?: string;
  readonly window?: string;
  readonly functions?: string;
  readonly trust?: string;
  readonly blocks?: boolean;
  readonly host?: string;
  readonly as?: string;
  readonly id?: string;
  readonly ttl?: string;
  readonly includeAll?: boolean;
  readonly includeAccepted?: boolean;
  readonly includeRejected?: boolean;
  readonly includeDenied?: boolean;
  readonly yes?: boolean;
  readonly quiet?: boolean;
}

/** `salt-key` (CLI-9). Resolves to the exit status. */
export async function runSaltKey(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = keyCommand();
  if (!parseCommand(command, argv)) return 0;
  const options = command.opts<KeyOptions>();
  checkActions(command, options);
  const config = await loadCliConfig(options.configDir);
  const client = await connectOperator({ socketPath: config.socketPath, firstAnswerMs: 30_000, clock: systemClock });
  try {
    return await perform(
      client,
      { ...options, localOnly: command.args[0] === 'master' },
      outputOptions(options, config, terminal.isTerminal),
      terminal,
    );
  } finally {
    await client.close();
  }
}

/** What it can be told to do: one at a time, so that none is left out in silence. */
const ACTIONS = [
  ...['listAll', 'list', 'accept', 'acceptAll', 'reject', 'rejectAll', 'delete', 'deleteAll'],
  ...['print', 'printAll', 'finger', 'fingerAll', 'genToken', 'genObserver', 'addConstrained'],
];

/** Throws USAGE. */
function checkActions(command: Command, { fingerAll }: KeyOptions): void {
  const [first, second] = command.options.filter(
    (option) =>
      ACTIONS.includes(option.attributeName()) && command.getOptionValue(option.attributeName()) !== undefined,
  );
  if (first !== undefined && second !== undefined) {
    const names = [first, second].map(({ short, long }) => short ?? long).join(' and ');
    throw new FleetError('USAGE', `${names} exclude each other`, { hint: 'ask for one after the other' });
  }
  const [word] = command.args;
  if (word !== undefined && (fingerAll !== true || word !== 'master')) {
    throw new FleetError('USAGE', `'${word}' belongs to no option`, { hint: 'only -F takes a word more: master' });
  }
}

/** What `salt-key` takes. */
export function keyCommand(): Command {
  const command = new Command('salt-key')
    .argument('[which]', 'master: with -F, only its own keys')
    .description('Lists, accepts, rejects and deletes the keys of minions. Ids are globs.')
    .option('-L, --list-all', 'list all keys (also what happens without an option)')
    .option('-l, --list <state>', 'list the keys of one state: acc, pre (or un), rej, den, all')
    .option('-a, --accept <id>', 'accept keys that wait')
    .option('-A, --accept-all', 'accept all keys that wait')
    .option('-r, --reject <id>', 'reject keys that wait')
    .option('-R, --reject-all', 'reject all keys that wait')
    .option('-d, --delete <id>', 'delete keys of any state')
    .option('-D, --delete-all', 'delete all keys')
    .option('-p, --print <id>', 'print public keys')
    .option('-P, --print-all', 'print all public keys')
    .option('-f, --finger <id>', 'print fingerprints')
    .option('-F, --finger-all', "print all fingerprints, the master's own first")
    .option('--gen-token', 'make a token with which one minion is accepted unseen, once')
    .option('--id <glob>', 'for which minion ids the token is good', '*')
    .option('--ttl <duration>', 'how long the token is good: 10m, 8h, 7d')
    .option('--gen-observer <name>', 'make a password for one who may watch and say nothing, and print it')
    .option('--topics <filters>', 'with --gen-observer: all that it may see, such as salt/event/#,salt/presence/+', '#')
    .option('--add-constrained <id>', 'add a minion with a password, and print what it is flashed with')
    .option('--class <number>', 'its class (RFC 7228): 0, 1, 2 or more', '1')
    .option('--max-packet <bytes>', 'the largest MQTT packet that it takes; left out: what its class suggests')
    .option('--window <count>', 'jobs that it takes at a time', '1')
    .option('--functions <list>', 'all that it can do, beside test.ping: led.set,sensor.read')
    .option('--trust <what>', 'hmac: its jobs are signed; connection: they are not', 'hmac')
    .option('--blocks', 'it pulls the arguments of jobs that are too large for its packets')
    .option('--host <name>', 'under which it reaches this master; left out: the name of this machine')
    .option('--as <form>', 'print only this: text, c or json')
    .option('--include-all', 'accept or reject keys of the other states as well')
    .option('--include-accepted', 'reject accepted keys as well')
    .option('--include-rejected', 'accept rejected keys as well')
    .option('--include-denied', 'accept or reject denied keys as well')
    .option('-y, --yes', 'do not ask')
    .option('-q, --quiet', 'print nothing but errors');
  return addPrintOptions(addCommonOptions(command, '--log-level'));
}

async function perform(
  client: OperatorClient,
  options: KeyOptions,
  print: OutputOptions,
  terminal: Terminal,
): Promise<number> {
  const out = (text: string): void => {
    if (options.quiet !== true) terminal.out(text);
  };
  for (const action of ['accept', 'reject', 'delete'] as const) {
    const glob = options[action] ?? (options[`${action}All`] === true ? '*' : undefined);
    if (glob !== undefined) return change(client, action, glob, options, print, out);
  }
  const finger = options.finger ?? (options.fingerAll === true ? '*' : undefined);
  const printed = options.print ?? (options.printAll === true ? '*' : undefined);
  if (options.addConstrained !== undefined) return addConstrained(client, options.addConstrained, options, out);
  if (options.genObserver !== undefined) {
    const topics = (options.topics ?? '#').split(',');
    out(String(await call(client, 'observers.add', [options.genObserver, topics], {}, 'runner')));
    return 0;
  }
  if (options.genToken === true) return generateToken(client, options, out);
  if (finger !== undefined) return details(client, 'key.finger', finger, options, print, out);
  if (printed !== undefined) return details(client, 'key.print', printed, options, print, out);
  const lists = listsOf(await call(client, 'key.list_all', []));
  out(await listText(select(lists, options.list), options, print));
  return 0;
}

async function change(
  client: OperatorClient,
  action: KeyAction,
  glob: string,
  options: KeyOptions,
  print: OutputOptions,
  out: (text: string) => void,
): Promise<number> {
  const statuses = statusesFor(action, options);
  const matched = pick(listsOf(await call(client, 'key.name_match', [glob])), statuses);
  const ids = Object.values(matched).flat() as string[];
  if (ids.length === 0) {
    out(noMatchText(glob, statuses));
    return options[action] === undefined ? 0 : 1;
  }
  if (options.yes !== true) {
    const { question, byDefault } = confirmQuestion(action);
    // Written as one: what is printed otherwise is gathered, and would come after it.
    const text = `${confirmText(action, matched, print.colour)}\n${question}`;
    if (!(await askYesNo(text, byDefault, { input: process.stdin, output: process.stdout }))) return 0;
  }
  const include = Object.fromEntries(
    statuses
      .filter((status) => status !== 'unaccepted' && action !== 'delete')
      .map((status) => [`include_${status}`, true]),
  );
  const done = listsOf(await call(client, `key.${action}`, [ids], include));
  out(keyResultText(action, Object.values(done).flat() as string[]));
  return 0;
}

/** Which keys an action touches: those that wait, and what the include options add. */
function statusesFor(action: KeyAction, options: KeyOptions): KeyStatus[] {
  if (action === 'delete') return ['accepted', 'denied', 'unaccepted', 'rejected'];
  const other = action === 'accept' ? 'rejected' : 'accepted';
  const includeOther = action === 'accept' ? options.includeRejected : options.includeAccepted;
  return [
    ...(options.includeAll === true || includeOther === true ? [other as KeyStatus] : []),
    ...(options.includeAll === true || options.includeDenied === true ? (['denied'] as const) : []),
    'unaccepted',
  ];
}

async function details(
  client: OperatorClient,
  fun: 'key.finger' | 'key.print',
  glob: string,
  options: KeyOptions,
  print: OutputOptions,
  out: (text: string) => void,
): Promise<number> {
  const { local, ...found } = (await call(client, fun, [glob])) as Record<string, Readonly<Record<string, string>>>;
  const lists = listsOf(found);
  const some = pick(lists, ['accepted', 'denied', 'unaccepted', 'rejected']);
  if (Object.keys(some).length === 0 && options.fingerAll !== true && options.printAll !== true) {
    out(noMatchText(glob, ['accepted', 'denied', 'unaccepted', 'rejected']));
    return 1;
  }
  const all =
    local !== undefined && options.fingerAll === true ? { local, ...(options.localOnly !== true && some) } : some;
  out(await listText(all as KeyLists, options, print));
  return 0;
}

async function generateToken(
  client: OperatorClient,
  options: KeyOptions,
  out: (text: string) => void,
): Promise<number> {
  const ttl = options.ttl === undefined ? undefined : durationSeconds(options.ttl, '--ttl');
  const token = await call(client, 'key.gen_token', [], { id: options.id ?? '*', ...(ttl !== undefined && { ttl }) });
  out(String(token));
  return 0;
}

async function addConstrained(
  client: OperatorClient,
  id: string,
  options: KeyOptions,
  out: (text: string) => void,
): Promise<number> {
  const form = sheetForms.find((name) => name === options.as);
  if (options.as !== undefined && form === undefined) {
    throw new FleetError('USAGE', `--as ${options.as} is not a form`, { hint: `use ${sheetForms.join(', ')}` });
  }
  const device = (await call(client, 'key.add_constrained', [id], {
    class: wholeNumber(options.class ?? '1', '--class', 0),
    ...(options.maxPacket !== undefined && { max_packet: wholeNumber(options.maxPacket, '--max-packet', 128) }),
    window: wholeNumber(options.window ?? '1', '--window', 1),
    ...(options.functions !== undefined && { functions: options.functions.split(',').map((name) => name.trim()) }),
    trust: options.trust ?? 'hmac',
    blocks: options.blocks === true,
  })) as AddedDevice;
  out(deviceSheet(device, options.host ?? hostname(), form === undefined ? sheetForms : [form]));
  return 0;
}

async function listText(lists: KeyLists, options: KeyOptions, print: OutputOptions): Promise<string> {
  if (options.out === undefined || options.out === 'key') return keyListText(lists, print.colour);
  return formatOutput(options.out, saltLists(lists), print);
}

async function call(
  client: OperatorClient,
  fun: string,
  arg: readonly unknown[],
  kwarg: Readonly<Record<string, unknown>> = {},
  op: 'wheel' | 'runner' = 'wheel',
): Promise<unknown> {
  for await (const step of client.request({ op, fun, arg, kwarg })) if (step.t === 'value') return step.value;
  return undefined;
}

const directories: Readonly<Record<string, KeyStatus>> = {
  minions: 'accepted',
  minions_denied: 'denied',
  minions_pre: 'unaccepted',
  minions_rejected: 'rejected',
};

function listsOf(value: unknown): KeyLists {
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.map(([name, keys]) => [directories[name] ?? name, keys])) as KeyLists;
}

/** Only these states, and of them only those that hold a key. */
function pick(lists: KeyLists, statuses: readonly KeyStatus[]): KeyLists {
  return Object.fromEntries(
    statuses
      .map((status) => [status, lists[status]])
      .filter(([, keys]) => Object.keys((keys ?? {}) as object).length > 0),
  ) as KeyLists;
}

/** What `-l` names. Throws USAGE. */
function select(lists: KeyLists, wanted: string | undefined): KeyLists {
  if (wanted === undefined || wanted === 'all') return lists;
  const prefixes: readonly (readonly [string, KeyStatus])[] = [
    ['acc', 'accepted'],
    ['pre', 'unaccepted'],
    ['un', 'unaccepted'],
    ['rej', 'rejected'],
    ['den', 'denied'],
  ];
  const status = prefixes.find(([prefix]) => wanted.startsWith(prefix))?.[1];
  if (status === undefined) {
    throw new FleetError('USAGE', `there is no key state '${wanted}'`, { hint: 'use acc, pre, un, rej, den or all' });
  }
  return { [status]: lists[status] } as KeyLists;
}
