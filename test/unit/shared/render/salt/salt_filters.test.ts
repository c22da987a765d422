import { describe, expect, test } from 'vitest';
import { renderTemplate, renderTemplateAsync } from '../../../../../shared/render/render_template.ts';
import { createSaltEnvironment, type SaltSurroundings } from '../../../../../shared/render/salt/salt_environment.ts';
import { fromJs } from '../../../../../shared/render/values/border.ts';

const surroundings: SaltSurroundings = {
  functions: { find: () => undefined, names: () => [] },
  machine: { which: ([name]) => `/usr/bin/${name}`, dns_check: async () => '192.0.2.1' },
  randomBytes: (count) => new Uint8Array(count).fill(7),
  now: () => new Date(2024, 1, 29, 13, 5, 9).getTime(),
};

const variables = new Map([
  ['d', fromJs({ a: { b: [{ c: 1 }, { c: 2, e: 'x' }] }, 5: 'five', list: [1, 2] })],
  ['net', fromJs(['192.0.2.1', 'foo', '2001:db8::1', '10.0.0.5/24', 'fe80::1', '127.0.0.1'])],
]);

function render(expression: string): string {
  const environment = createSaltEnvironment(surroundings, {});
  return renderTemplate(environment, { path: 'x', text: `{{ ${expression} }}` }, variables);
}

describe('texts and numbers', () => {
  test.each([
    ["'42' | to_num", '42'],
    ["'4.5' | str_to_num", '4.5'],
    ["'4x' | to_num", '4x'],
    ["'0x1F' | is_hex", 'True'],
    ["'xyz' | is_hex", 'False'],
    ["'a b' | contains_whitespace", 'True'],
    ["'ab' | contains_whitespace", 'False'],
    ["'2G' | human_to_bytes", '2147483648'],
    ["'1.5KiB' | human_to_bytes", '1536'],
    ["'1KB' | human_to_bytes(handle_metric=True)", '1000'],
    ["'17' | human_to_bytes(default_unit='M')", '17825792'],
    ["'many' | human_to_bytes", '0'],
    ["'HTTPServerName' | to_snake_case", 'http_server_name'],
    ["'one_two_three' | to_camelcase", 'oneTwoThree'],
    ["'one_two' | to_camelcase(uppercamel=True)", 'OneTwo'],
    ["'it\\'s $x' | quote", `'it'"'"'s $x'`],
    ["'plain-1.0' | quote", 'plain-1.0'],
    ["'web1' | check_whitelist_blacklist(whitelist='web*')", 'True'],
    ["'web1' | check_whitelist_blacklist(whitelist=['db.*'], blacklist=['x'])", 'False'],
    ["'web1' | check_whitelist_blacklist(blacklist=['web\\\\d'])", 'False'],
    ["'/etc/' | path_join('/salt', 'minion.d', '../x.conf')", '/etc/salt/x.conf'],
    ["'x' | skip", ''],
    ["'Yes' | to_bool", 'True'],
    ['0 | to_bool', 'False'],
    ['[0] | to_bool', 'True'],
    ["'a.b?' | regex_escape", 'a\\.b\\?'],
    ["'abcd' | regex_match('^(.*)BC(.*)$', ignorecase=True)", "('a', 'd')"],
    ["'abcd' | regex_match('bc')", 'None'],
    ["'abcd' | regex_search('BC', ignorecase=True)", '()'],
    ["'a\\nb' | regex_search('^(b)', multiline=True)", "('b',)"],
    ["'a=1, b=2' | regex_replace('(\\w)=(\\d)', '\\\\2:\\\\1')", '1:a, 2:b'],
    ["'text' | load_text", 'text'],
  ])('%s', (expression, expected) => {
    expect(render(expression)).toBe(expected);
  });
});

describe('lists', () => {
  test.each([
    ['[1, 2, 1] | unique', '[1, 2]'],
    ['(1, 1) | unique', '{1}'],
    ['[1, 2] | union([2, 3])', '[1, 2, 3]'],
    ['[1, 2] | intersect([2, 3])', '[2]'],
    ['[1, 2] | difference([2, 3])', '[1]'],
    ['[1, 2] | symmetric_difference([2, 3])', '[1, 3]'],
    ['[1, 4] | avg', '2.5'],
    ['5 | avg', '5.0'],
    ['[3, 1] | min', '1'],
    ['[3, 1] | max', '3'],
    ['[3, [4, [2, None]]] | flatten', '[3, 4, 2]'],
    ['[3, [4, [2]]] | flatten(levels=1)', '[3, 4, [2]]'],
    ['[None, [1]] | flatten(preserve_nulls=True)', '[None, 1]'],
    ["['b', 'A', 'a'] | sorted_ignorecase", "['A', 'a', 'b']"],
    ['[1] | is_iter', 'True'],
    ["'x' | is_iter", 'False'],
    ['[1] | is_list', 'True'],
    ['(1,) | is_list', 'False'],
    ["'x' | sequence", "['x']"],
    ['none | sequence', '[None]'],
    ['(1,) | sequence', '(1,)'],
    ["{'a': 1} | sequence", "{'a': 1}"],
    ["['yes', 0, 1] | exactly_n_true(2)", 'True'],
    ['[0, 1] | exactly_one_true', 'True'],
    ["'b' | substring_in_list(['abc', 'd'])", 'True'],
    ['[1, 2, 3] | compare_lists([1, 2, 4])', "{'new': [4], 'old': [3]}"],
    ["{'a': 1} | to_entries", "[{'key': 'a', 'value': 1}]"],
    ["['x'] | to_entries", "[{'key': 0, 'value': 'x'}]"],
    ["[{'Key': 'a', 'Value': 1}, {'name': 'b', 'value': 2}, {'value': 3}] | from_entries", "{'a': 1, 'b': 2}"],
    ["'ABC' | combinations(2) | map('join') | list", "['AB', 'AC', 'BC']"],
    ["'AB' | combinations_with_replacement(2) | map('join') | list", "['AA', 'AB', 'BB']"],
    ["'ABC' | permutations(2) | list | length", '6'],
    ["'AB' | product([1, 2]) | list", "[('A', 1), ('A', 2), ('B', 1), ('B', 2)]"],
    ["'AB' | product(repeat=2) | map('join') | list", "['AA', 'AB', 'BA', 'BB']"],
    ["'ABC' | compress([1, 0, 1]) | list", "['A', 'C']"],
    ["'AB' | zip('xyz') | list", "[('A', 'x'), ('B', 'y')]"],
    ["'A' | zip_longest('xy', fillvalue='-') | list", "[('A', 'x'), ('-', 'y')]"],
    ['"abcdefghij" | list | random_shuffle(seed="minion1")', "['j', 'h', 'a', 'g', 'i', 'c', 'f', 'b', 'd', 'e']"],
    ["range(1000) | list | random_sample(6, seed='z')", '[916, 934, 359, 483, 855, 84]'],
    ['[1, 2, 3, 4] | random_sample(2) | length', '2'],
  ])('%s', (expression, expected) => {
    expect(render(expression)).toBe(expected);
  });
});

describe('dicts', () => {
  test.each([
    ["d | traverse('a:b:1:e')", 'x'],
    ["d | traverse('a:b:c')", '1'],
    ["d | traverse('a/b/0', delimiter='/')", "{'c': 1}"],
    ["d | traverse('5')", 'five'],
    ["d | traverse('list:-1')", '2'],
    ["d | traverse('list:9', 'none')", 'none'],
    ["d | traverse(['a', 'b', 0, 'c'])", '1'],
    ["d | traverse('nope:x')", 'None'],
    ["d | json_query('a.b[?c > `1`].e')", "['x']"],
    ["d | json_query('length(list)')", '2'],
    [
      "{'a': 1, 'b': 2} | compare_dicts({'a': 1, 'b': 3, 'c': 4})",
      "{'b': {'old': 2, 'new': 3}, 'c': {'old': '', 'new': 4}}",
    ],
    ["{} | set_dict_key_value('a:b:c', 1)", "{'a': {'b': {'c': 1}}}"],
    ["{'a': {'b': 1}} | update_dict_key_value('a', {'c': 2})", "{'a': {'b': 1, 'c': 2}}"],
    ["{} | append_dict_key_value('a:b', 1)", "{'a': {'b': [1]}}"],
    ["{'a': [1]} | extend_dict_key_value('a', [2, 3])", "{'a': [1, 2, 3]}"],
    ["{} | set_dict_key_value('a/b', 1, delimiter='/', ordered_dict=True)", "{'a': {'b': 1}}"],
    ["['+--+', '| id | name |', '+--+', '| 1 | x |', '+--+'] | mysql_to_dict('id')", "{1: {'id': 1, 'name': 'x'}}"],
    ["'abc' | method_call('upper')", 'ABC'],
    ["'abc' | method_call('replace', 'a', 'x')", 'xbc'],
    ["'abc' | method_call('nope')", 'None'],
    ["{'a': 'b'} | json_encode_dict", "{b'a': b'b'}"],
    ["['a', 1] | json_decode_list", "['a', 1]"],
    ["['a', 1] | json_encode_list", "[b'a', 1]"],
    ["{'a': ['b'.encode()]} | json_decode_dict", "{'a': ['b']}"],
  ])('%s', (expression, expected) => {
    expect(render(expression)).toBe(expected);
  });

  test('what cannot be changed says so', () => {
    expect(() => render("{'a': 1} | append_dict_key_value('a', 2)")).toThrow(
      "contains a <class 'int'>, which cannot append",
    );
    expect(() => render("{} | extend_dict_key_value('a', 2)")).toThrow(
      "Cannot extend <class 'list'> with a <class 'int'>",
    );
    expect(() => render("{} | update_dict_key_value('a', 2)")).toThrow(
      "Cannot update <class 'dict'> with a <class 'int'>",
    );
  });
});

describe('digests, bytes and dates', () => {
  test.each([
    ["'random' | md5", '7ddf32e17a6ac5ce04a8ecbf782ca509'],
    ["'random' | sha1", 'a415ab5cc17c8c093c015ccdb7e552aee7911aa4'],
    ["'random' | sha256", 'a441b15fe9a3cf56661190a0b93b9dec7d04127288cc87250967cf3b52894d11'],
    ["'é' | base64_encode", 'w6k='],
    ["'w6k=' | base64_decode", 'é'],
    ["'/w==' | base64_decode", "b'\\xff'"],
    ["'é' | to_bytes", "b'\\xc3\\xa9'"],
    ["'text' | hmac_compute('secret')", '2f443685592900e619f2f3b2350c3c8a5738e2e7a26bc9a244d3393c3cd6abd6'],
    ["'get salted' | hmac('shared secret', 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ=')", 'True'],
    ["'example' | uuid", '9ade8beb-355a-50d8-9011-1c99848a7719'],
    ["'00:11:22:33:44:ff' | mac_str_to_bytes", "b'\\x00\\x11\"3D\\xff'"],
    ["'AC:DE:48' | gen_mac", 'AC:DE:48:07:07:07'],
    ['none | strftime("%d.%m.%y %H:%M:%S %j %A %b %-d %p %I")', '29.02.24 13:05:09 060 Thursday Feb 29 PM 01'],
    ['"2002/12/25" | date_format("%A, %d %B %Y, week %V")', 'Wednesday, 25 December 2002, week 52'],
    ['"2002-12-25 13:00" | strftime("%H:%M")', '13:00'],
  ])('%s', (expression, expected) => {
    expect(render(expression)).toBe(expected);
  });

  test('a date that cannot be read says so', () => {
    expect(() => render("'someday' | strftime")).toThrow("Unable to parse 'someday'");
  });

  test('what is drawn by lot comes from the bytes that are handed in', () => {
    expect(render('8 | random_str')).toBe('BwcHBwcH');
    expect(render('100 | random_hash("sha1")')).toMatch(/^[0-9a-f]{40}$/);
    expect(render('100 | rand_str("md5")')).toMatch(/^[0-9a-f]{32}$/);
    expect(() => render('100 | random_hash("nope")')).toThrow('Invalid hash type: nope');
  });
});

describe('addresses', () => {
  test.each([
    ["'192.0.2.1' | is_ip", 'True'],
    ["'192.0.2.1' | is_ipv6", 'False'],
    ["'::1' | is_ipv6('loopback')", 'True'],
    ["'10.0.0.1' | is_ipv4(options='global')", 'False'],
    ["'8.8.8.8' | is_ip(options='public')", 'True'],
    ["'x' | is_ip", 'False'],
    ['net | ipaddr', "['192.0.2.1', '10.0.0.5/24', '127.0.0.1', '2001:db8::1', 'fe80::1']"],
    ['net | ipv4', "['192.0.2.1', '10.0.0.5/24', '127.0.0.1']"],
    ["net | ipv6('link-local')", "['fe80::1']"],
    ["'foo' | ipaddr", 'None'],
    ["'192.0.2.1/28' | ip_host", '192.0.2.1/28'],
    ["'192.0.2.1' | ip_host", '192.0.2.1/32'],
    ["'192.168.0.1/30' | network_hosts", "['192.168.0.1', '192.168.0.2']"],
    ["'192.168.0.1/31' | network_hosts", "['192.168.0.0', '192.168.0.1']"],
    ["'2001:db8::/126' | network_hosts", "['2001:db8::1', '2001:db8::2', '2001:db8::3']"],
    ["['10.0.0.0/8', 'x'] | network_size", '[16777216]'],
    [
      "['192.0.2.1', 'foo', 'fe80::', '2001:db8::1/64'] | ipwrap",
      "['192.0.2.1', 'foo', '[fe80::]', '[2001:db8::1]/64']",
    ],
    ["['192.0.2.1', '203.0.113.5'] | filter_by_networks(['192.0.2.0/24'])", "['192.0.2.1']"],
    ["{'eth0': ['10.0.0.1', '8.8.8.8']} | filter_by_networks(['10.0.0.0/8'])", "{'eth0': ['10.0.0.1']}"],
    ["['192.0.2.1'] | filter_by_networks(none)", "['192.0.2.1']"],
  ])('%s', (expression, expected) => {
    expect(render(expression)).toBe(expected);
  });

  test('a network of too many hosts is an error', () => {
    expect(() => render("'2001:db8::/64' | network_hosts")).toThrow('more than 1048576 hosts');
  });
});

describe('serialisers', () => {
  test.each([
    ["{'b': 1, 'a': [1.0, none]} | yaml", '{a: [1.0, null], b: 1}'],
    ["{'a': [1]} | yaml(False)", 'a:\n- 1'],
    ["'text' | yaml", 'text'],
    ["{'b': 1, 'a': 'é'} | json", '{"a": "é", "b": 1}'],
    ["{'b': 1, 'a': 2} | json(sort_keys=False, indent=2)", '{\n  "b": 1,\n  "a": 2\n}'],
    ["{'b': 'x', 'a': (1, 2)} | python", "{'a': (1, 2), 'b': 'x'}"],
    ["{'a': 1, 'b': [2]} | dict_to_sls_yaml_params", '- a: 1\n- b:\n  - 2'],
    ["'a: [1, 0644]' | load_yaml", "{'a': [1, 644]}"],
    ['\'{"a": 1.0}\' | load_json', "{'a': 1.0}"],
    ['\'é "x"\' | yaml_dquote', '"\\xE9 \\"x\\""'],
    ["'it\\'s' | yaml_squote", "'it''s'"],
    ["'text' | yaml_encode", '"text"'],
    ['none | yaml_encode', 'null'],
    ['1.5 | yaml_encode', '1.5'],
    ["{'a': odict([('z', 1), ('b', 2)])} | yaml", '{a: {z: 1, b: 2}}'],
    [
      "{'root': {'x': 1, 'kids': [{'n': 'a<b'}, 'text'], 'one': {'y': true}}} | xml",
      '<?xml version="1.0" ?>\n<root x="1">\n <kids n="a&lt;b"/>\n <kids>text</kids>\n <one y="True"/>\n</root>\n',
    ],
  ])('%s', (expression, expected) => {
    expect(render(expression)).toBe(expected);
  });

  test('errors of loading show the place', () => {
    expect(() => render("'a: b: c' | load_yaml")).toThrow(
      'Encountered error loading yaml: mapping values are not allowed here\n---\na: b: c    <======================\n---',
    );
    expect(() => render("'{a}' | load_json")).toThrow('Unable to load json from {a}');
    expect(() => render('[1] | yaml_encode')).toThrow('only works with YAML scalar data');
    expect(() => render('nope | json')).toThrow('not JSON serializable');
  });
});

describe('filters of the machine', () => {
  test('are what the caller hands in', () => {
    expect(render("'ls' | which")).toBe('/usr/bin/ls');
  });

  test('may answer later', async () => {
    const environment = createSaltEnvironment(surroundings, {});
    const file = { path: 'x', text: "{{ 'host' | dns_check(port=80) }}" };
    await expect(renderTemplateAsync(environment, file, () => new Map())).resolves.toBe('192.0.2.1');
  });

  test('are errors when they are not handed in', () => {
    expect(() => render("'/etc' | list_files")).toThrow("the filter 'list_files' cannot be used here");
  });
});

test('arguments are counted as Python counts them', () => {
  expect(() => render("'x' | regex_replace('a')")).toThrow("missing 1 required positional argument: 'val'");
  expect(() => render("'x' | yaml(nope=1)")).toThrow("got an unexpected keyword argument 'nope'");
});
