import { describe, expect, test } from 'vitest';
import { parseReactions } from '../../../../shared/reactor/parse_reactions.ts';
import { toJs } from '../../../../shared/render/values/border.ts';
import { loadYaml } from '../../../../shared/render/yaml/load_yaml.ts';

const parse = (text: string) => parseReactions(toJs(loadYaml(text, { ordered: true })), '/r.sls');
const job = (members: object) => ({
  op: 'job',
  tgt: 'm1',
  tgt_type: 'glob',
  arg: [],
  kwarg: {},
  async: true,
  ...members,
});

/** Name, file, kind of the reaction, what is called. */
const formats: readonly (readonly [string, string, string, object])[] = [
  [
    'the new format of local',
    'a: {local.state.apply: [{tgt: m1}, {args: [{mods: web}, {pillar: {x: 1}}]}]}',
    'local',
    job({ fun: 'state.apply', kwarg: { mods: 'web', pillar: { x: 1 } } }),
  ],
  [
    'the old format of local',
    'a: {local.cmd.run: [{tgt: m1}, {arg: [ls, -l]}]}',
    'local',
    job({ fun: 'cmd.run', arg: ['ls', '-l'] }),
  ],
  [
    'one positional argument',
    'a: {local.cmd.run: [{tgt: m1}, {arg: ls}]}',
    'local',
    job({ fun: 'cmd.run', arg: ['ls'] }),
  ],
  [
    'keyword arguments of the old format',
    'a: {local.pkg.install: [{tgt: m1}, {arg: [vim]}, {kwarg: {refresh: true}}]}',
    'local',
    job({ fun: 'pkg.install', arg: ['vim'], kwarg: { refresh: true } }),
  ],
  ['cmd, the alias of local', 'a: {cmd.test.ping: [{tgt: m1}]}', 'local', job({ fun: 'test.ping' })],
  ['the function apart from the type', 'a: {local: [test.ping, {tgt: m1}]}', 'local', job({ fun: 'test.ping' })],
  ['parameters as one mapping', 'a: {local.test.ping: {tgt: m1}}', 'local', job({ fun: 'test.ping' })],
  [
    'every parameter of cmd_async',
    `a:
  local.test.ping:
    - tgt: 'web,db'
    - tgt_type: list
    - timeout: '7'
    - ret: jsonl
    - ret_config: other
    - ret_kwargs: {a: 1}
    - metadata: {why: test}
    - queue_for: 60`,
    'local',
    job({
      fun: 'test.ping',
      tgt: 'web,db',
      tgt_type: 'list',
      timeout: 7,
      ret: 'jsonl',
      ret_config: 'other',
      ret_kwargs: { a: 1 },
      metadata: { why: 'test' },
      queue_for: 60,
    }),
  ],
  [
    'the new format of runner',
    'a: {runner.state.orchestrate: [{args: [{mods: orch.web}, {pillar: {x: 1}}]}]}',
    'runner',
    { fun: 'state.orchestrate', arg: [], kwarg: { mods: 'orch.web', pillar: { x: 1 } } },
  ],
  [
    'bare parameters of a runner',
    'a: {runner.state.orchestrate: [{mods: orch.web}, {order: 3}]}',
    'runner',
    { fun: 'state.orchestrate', arg: [], kwarg: { mods: 'orch.web' } },
  ],
  [
    'arg and kwarg of a runner',
    'a: {runner.event.send: [{arg: [a/b]}, {kwarg: [{x: 1}, {y: 2}]}]}',
    'runner',
    { fun: 'event.send', arg: ['a/b'], kwarg: { x: 1, y: 2 } },
  ],
  ['a runner without arguments', 'a: runner.manage.up', 'runner', { fun: 'manage.up', arg: [], kwarg: {} }],
  ['an empty list of parameters', 'a: {runner.manage.up: []}', 'runner', { fun: 'manage.up', arg: [], kwarg: {} }],
  ['no list of parameters', 'a: {runner.manage.up: }', 'runner', { fun: 'manage.up', arg: [], kwarg: {} }],
  [
    'wheel',
    'a: {wheel.key.accept: [{args: [{match: m1}]}]}',
    'wheel',
    { fun: 'key.accept', arg: [], kwarg: { match: 'm1' } },
  ],
  [
    'wheel in the old format',
    'a: {wheel.key.accept: [{match: m1}]}',
    'wheel',
    { fun: 'key.accept', arg: [], kwarg: { match: 'm1' } },
  ],
  [
    'args as a mapping',
    'a: {wheel.key.accept: [{args: {match: m1}}]}',
    'wheel',
    { fun: 'key.accept', arg: [], kwarg: { match: 'm1' } },
  ],
  [
    'caller',
    'a: {caller.file.touch: [{args: [{name: /x}]}]}',
    'caller',
    { fun: 'file.touch', arg: [], kwarg: { name: '/x' } },
  ],
  [
    'caller with positions',
    'a: {caller.file.touch: [{args: [/x]}]}',
    'caller',
    { fun: 'file.touch', arg: ['/x'], kwarg: {} },
  ],
];

describe('the formats of Salt', () => {
  test.each(formats)('%s', (_name, text, kind, request) => {
    const { reactions, problems } = parse(text);
    expect(problems).toEqual([]);
    expect(reactions.map((reaction) => ({ ...reaction, order: undefined }))).toEqual([
      { id: 'a', file: '/r.sls', kind, request, order: undefined },
    ]);
  });

  test('one id may call several functions', () => {
    const { reactions } = parse('a: {local.test.ping: [{tgt: m1}], runner.manage.up: []}');
    expect(reactions.map(({ kind }) => kind)).toEqual(['local', 'runner']);
  });

  test('an empty file reacts with nothing', () => {
    expect(parse('{}')).toEqual({ reactions: [], problems: [] });
  });

  test('the order is kept as it was written', () => {
    const { reactions } = parse('a: {runner.manage.up: [{order: last}]}\nb: {runner.manage.up: [{order: 2}]}');
    expect(reactions.map(({ order }) => order)).toEqual(['last', 2]);
  });
});

describe('what is wrong is said, by id, and hurts no other id', () => {
  const wrong: readonly (readonly [string, string, string])[] = [
    ['no type', 'a: {test.ping: [{tgt: m1}]}', "'test.ping' begins with none of local, runner, wheel, caller"],
    ['no function', 'a: {local: [{tgt: m1}]}', "'local' names no function"],
    ['no target', 'a: {local.test.ping: []}', 'it has no tgt; say which minions: `- tgt: m1`'],
    [
      'a typing error',
      'a: {local.test.ping: [{tgt: m1}, {tgt_typ: list}]}',
      "no parameter 'tgt_typ'; did you mean tgt_type?",
    ],
    [
      'an argument in the wrong place',
      'a: {local.state.apply: [{tgt: m1}, {mods: web}]}',
      'arguments of the function stand below args',
    ],
    ['a job id', 'a: {local.test.ping: [{tgt: m1}, {jid: 1}]}', 'the master gives job ids itself'],
    ['another user', 'a: {local.test.ping: [{tgt: m1}, {user: root}]}', 'a reaction runs in the name of Reactor'],
    ['an unknown kind of target', 'a: {local.test.ping: [{tgt: m1}, {tgt_type: nope}]}', 'tgt_type: must be one of'],
    ['a timeout that is none', 'a: {local.test.ping: [{tgt: m1}, {timeout: soon}]}', 'timeout: '],
    ['args that are no keywords', 'a: {runner.event.send: [{args: [x]}]}', 'args is no list of keyword arguments'],
    ['an id without a call', 'a: {}', 'it calls nothing'],
    ['a parameter that is a number', 'a: {local.test.ping: [{tgt: m1}, 7]}', '7 is no parameter'],
    ['an include', 'include: [x]', "'include' is for state files"],
  ];
  test.each(wrong)('%s', (_name, text, message) => {
    const { reactions, problems } = parse(`${text}\nother: runner.manage.up`);
    expect(reactions.map(({ id }) => id)).toEqual(['other']);
    expect(problems).toEqual([
      { file: '/r.sls', id: text.slice(0, text.indexOf(':')), message: expect.stringContaining(message) },
    ]);
  });

  test('a file that is no mapping', () => {
    expect(parse('[1]')).toEqual({
      reactions: [],
      problems: [{ file: '/r.sls', message: 'a reactor file must be a mapping of ids to reactions' }],
    });
  });
});
