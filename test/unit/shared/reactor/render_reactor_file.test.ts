import { expect, test } from 'vitest';
import { parseReactions } from '../../../../shared/reactor/parse_reactions.ts';
import { createReactorRenderer } from '../../../../shared/reactor/render_reactor_file.ts';
import type { PyCallable } from '../../../../shared/render/values/py_function.ts';
import { expectGolden } from '../../../support/golden.ts';

const functions = new Map<string, PyCallable>([['saltutil.runner', async ([name]) => [`called ${String(name)}`]]]);
const files: Readonly<Record<string, string>> = { 'map.jinja': "{% set role = {'web1': 'frontend'} %}" };
const render = createReactorRenderer({
  functions: { find: (name) => functions.get(name), names: () => functions.keys() },
  opts: { timeout: 5 },
  readFile: (path) => files[path],
  nowMs: () => 0,
});
const event = { tag: 'salt/minion/web1/start', data: { id: 'web1', act: 'pend', data: { free: 3.5 } } };

const texts: Readonly<Record<string, string>> = {
  accept: `{% if data['act'] == 'pend' and data['id'].startswith('web') %}
accept_key:
  wheel.key.accept:
    - args:
      - match: {{ data['id'] }}
{% endif %}
`,
  orchestrate: `start_{{ data['id'] }}:
  runner.state.orchestrate:
    - args:
      - mods: orch.start
      - pillar:
          tag: {{ tag | json }}
          event: {{ data | json }}
`,
  imports: `{% from 'map.jinja' import role %}
apply:
  local.state.apply:
    - tgt: {{ data.id }}
    - args:
      - mods: {{ role[data.id] }}
`,
  salt: `{% for id in salt['saltutil.runner']('manage.up') %}
ping_{{ loop.index }}:
  local.test.ping:
    - tgt: {{ id | yaml_dquote }}
    - timeout: {{ opts.timeout }}
{% endfor %}
`,
  nothing: "{% if data['act'] == 'accept' %}\na: runner.manage.up\n{% endif %}\n",
};

test.each(Object.entries(texts))('the file %s becomes reactions', async (name, text) => {
  const parsed = parseReactions(await render(`/${name}.sls`, text, event), `/${name}.sls`);
  expectGolden(`reactor/${name}.json`, JSON.stringify(parsed, undefined, 2));
});

test.each([
  ['grains', '{{ grains.id }}', "'grains' is undefined"],
  ['pillar', '{{ pillar.x }}', "'pillar' is undefined"],
])('%s are no part of what a reactor file sees', async (_name, text, message) => {
  await expect(render('/a.sls', text, event)).rejects.toThrow(message);
});

test('what an event brings is never a template', async () => {
  const text = 'a: {local.cmd.run: [{tgt: m1}, {arg: [{{ data.data | json }}]}]}';
  const data = { data: '{{ 6 * 7 }}' };
  expect(parseReactions(await render('/a.sls', text, { tag: 'x', data }), '/a.sls').reactions[0]?.request.arg).toEqual([
    '{{ 6 * 7 }}',
  ]);
});

test('a file that counts too far is stopped', async () => {
  await expect(
    render('/a.sls', '{% for i in range(90000) %}{% endfor %}{% for i in range(90000) %}{% endfor %}', event),
  ).rejects.toThrow('more than 100000 loop iterations');
});
