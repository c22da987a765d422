import { expect, test } from 'vitest';
import type { TargetType } from '../../../../shared/protocol/fields.ts';
import { matcherOf } from '../../../../shared/target/target.ts';
import { targetFleet } from '../../../support/target_fleet.ts';

const DB2 = 'db2.example.com';
const ALL = Object.keys(targetFleet);
const nodegroups = {
  web: 'web*',
  prod: 'G@nested:env:prod',
  both: 'N@web and N@prod',
  ids: ['db1', 'cache9'],
  words: ['G@os:Debian', 'and', 'not', 'web2'],
};

async function selected(tgt: string | string[], type: TargetType, delimiter?: string): Promise<string[]> {
  const matches = await matcherOf(tgt, type, { nodegroups, delimiter });
  return ALL.filter((id) => matches({ id, grains: targetFleet[id] }));
}

/** Salt's ways to select minions (TGT-1 to TGT-15) and what each selects of five. */
test.each<[TargetType, string, string[]]>([
  ['glob', '*', ALL],
  ['glob', 'web*', ['web1', 'web2']],
  ['glob', 'web?', ['web1', 'web2']],
  ['glob', 'web[1]', ['web1']],
  ['glob', 'web[!1]', ['web2']],
  ['glob', '[a-d]*1', ['db1']],
  ['glob', 'WEB*', []],
  ['glob', 'db2', []],
  ['glob', 'db2.*', [DB2]],
  ['glob', '*.com', [DB2]],
  ['glob', 'web', []],
  ['glob', '[web1', []],
  ['pcre', 'web', ['web1', 'web2']],
  ['pcre', 'eb', []],
  ['pcre', 'web[12]$', ['web1', 'web2']],
  ['pcre', '(?i)WEB1', ['web1']],
  ['pcre', '(?P<kind>db)\\d', ['db1', DB2]],
  ['pcre', '.*[12]$', ['web1', 'web2', 'db1']],
  ['pcre', '(a+)+$', []],
  ['pcre', '(web|cache).*', ['web1', 'web2', 'cache9']],
  ['list', 'web1,db1', ['web1', 'db1']],
  ['list', 'web1, nobody , cache9', ['web1', 'cache9']],
  ['list', 'web*', []],
  ['grain', 'os:Debian', ['web1', 'web2']],
  ['grain', 'os:debian', ['web1', 'web2']],
  ['grain', 'OS:Debian', []],
  ['grain', 'os:*', ALL],
  ['grain', 'os:D*', ['web1', 'web2']],
  ['grain', 'os:[DU]*', ['web1', 'web2', 'db1']],
  ['grain', 'os:Deb', []],
  ['grain', 'roles:web', ['web1', 'web2']],
  ['grain', 'roles:*e*', ['web1', 'web2']],
  ['grain', 'roles:nobody', []],
  ['grain', 'nested:env:prod', ['web1', 'db1']],
  ['grain', 'nested:env', ['web1', 'web2', 'db1']],
  ['grain', 'nested:prod', []],
  ['grain', 'nested:*:prod', ['web1', 'db1']],
  ['grain', 'nested:deep:colour:red', ['web1']],
  ['grain', 'nested:tags:green', ['db1']],
  ['grain', 'nested:*:green', ['db1']],
  ['grain', 'nested:*', ['web1', 'web2', 'db1']],
  ['grain', '*:Alpine', ['cache9']],
  ['grain', '*:web', ['web1', 'web2']],
  ['grain', 'version:1:9.2', ['db1']],
  ['grain', 'version:1*', ['db1']],
  ['grain', 'enabled:True', ['web1']],
  ['grain', 'enabled:false', ['web2']],
  ['grain', 'num_cpus:4', ['web1']],
  ['grain', 'num_cpus:[24]', ['web1', 'web2']],
  ['grain', 'none:None', ['cache9']],
  ['grain', 'osrelease_info:12', ['web1']],
  ['grain', 'osrelease_info:0:12', ['web1']],
  ['grain', 'disks:name:sda', [DB2]],
  ['grain', 'disks:name', [DB2]],
  ['grain', 'nothing:x', []],
  ['grain_pcre', 'os:(Debian|Ubuntu)', ['web1', 'web2', 'db1']],
  ['grain_pcre', 'os:deb', ['web1', 'web2']],
  ['grain_pcre', 'os:bian', []],
  ['grain_pcre', 'os:^\\S+$', ALL],
  ['grain_pcre', 'roles:(web|db)$', ['web1', 'web2', 'db1']],
  ['grain_pcre', 'version:\\d:9', ['db1']],
  ['ipcidr', '10.0.1.0/24', ['web1', 'web2']],
  ['ipcidr', '10.0.0.0/8', ['web1', 'web2', 'db1', DB2]],
  ['ipcidr', '10.0.1.11', ['web1']],
  ['ipcidr', '10.0.1.99/24', ['web1', 'web2']],
  ['ipcidr', 'fd00::/8', ['web2']],
  ['ipcidr', 'fe80::1', ['web1']],
  ['ipcidr', '172.16.0.0/12', []],
  ['nodegroup', 'web', ['web1', 'web2']],
  ['nodegroup', 'both', ['web1']],
  ['nodegroup', 'ids', ['db1', 'cache9']],
  ['nodegroup', 'words', ['web1']],
  ['compound', 'web*', ['web1', 'web2']],
  ['compound', 'web1 or db1', ['web1', 'db1']],
  ['compound', 'G@os:Debian and web1', ['web1']],
  ['compound', 'not web*', ['db1', DB2, 'cache9']],
  ['compound', 'G@os:Debian not web1', ['web2']],
  ['compound', 'not not web1', ['web1']],
  ['compound', 'web1 or web2 and db1', ['web1']],
  ['compound', '( web1 or web2 ) and db1', []],
  ['compound', '( web1 or db1 ) and G@os:*', ['web1', 'db1']],
  ['compound', 'web1 and not db1 or db1', ['web1', 'db1']],
  ['compound', 'not ( web1 or web2 )', ['db1', DB2, 'cache9']],
  ['compound', 'E@db\\d', ['db1', DB2]],
  ['compound', 'E@(web|db)1', ['web1', 'db1']],
  ['compound', 'L@web1,db1 and not G@os:Ubuntu', ['web1']],
  ['compound', 'P@os:(Alpine|CentOS) or web1', ['web1', DB2, 'cache9']],
  ['compound', 'S@10.0.2.0/24', ['db1', DB2]],
  ['compound', 'S@10.0.0.0/8 and not G@roles:web', ['db1', DB2]],
  ['compound', 'N@web', ['web1', 'web2']],
  ['compound', 'N@web and N@prod', ['web1']],
  ['compound', 'not N@web', ['db1', DB2, 'cache9']],
  ['compound', 'N@both or N@ids', ['web1', 'db1', 'cache9']],
  ['compound', 'G|@os|Debian', ['web1', 'web2']],
  ['compound', 'G|@a:b|c', ['web1']],
  ['compound', 'P|@os|(Debian|x)', ['web1', 'web2']],
  ['compound', 'P!@os!(Debian|Alpine)', ['web1', 'web2', 'cache9']],
  ['compound', '  web1   or\tdb1 ', ['web1', 'db1']],
  ['compound', '*', ALL],
])('%s %s', async (type, tgt, expected) => {
  expect(await selected(tgt, type)).toEqual(expected);
});

test('a target may be a list of words, which may have blanks', async () => {
  expect(await selected(['G@nested:deep:colour:R*', 'or', 'cache9'], 'compound')).toEqual(['web1', 'cache9']);
  expect(await selected(['db1', 'cache9'], 'list')).toEqual(['db1', 'cache9']);
});

test('another delimiter than a colon is for all grains of a target', async () => {
  expect(await selected('a:b|c', 'grain', '|')).toEqual(['web1']);
  expect(await selected('G@os|Debian and P@os|D', 'compound', '|')).toEqual(['web1', 'web2']);
});

test('nothing that asks for grains matches a minion whose grains are not known', async () => {
  for (const [type, tgt] of [
    ['grain', 'os:*'],
    ['grain_pcre', 'os:.*'],
    ['ipcidr', '0.0.0.0/0'],
  ] as const) {
    expect((await matcherOf(tgt, type))({ id: 'web1' })).toBe(false);
  }
});

test.each<[string, number, string]>([
  ['', 1, 'it is empty'],
  ['   ', 4, 'it is empty'],
  ['web* and', 9, 'something is missing at the end'],
  ['not', 4, 'something is missing at the end'],
  ['and web*', 1, "there is nothing before 'and'"],
  ['( or web* )', 3, "there is nothing before 'or'"],
  ['( )', 3, "there is nothing before ')'"],
  ['web* ) or db1', 6, "this ')' closes nothing"],
  ['( web1 or ( db1 )', 1, "this '(' is never closed"],
  ['( web1 db1 )', 8, "'and', 'or' or ')' is missing here"],
  ['web1 db1', 6, "'and' or 'or' is missing before this"],
  ['web1 and X@y', 10, "there is no matcher 'X@'"],
  ['L|@a,b', 1, "there is no matcher 'L|@'"],
  ['web1 or G@', 9, "nothing stands behind 'G@'"],
  ['web1 or G@os', 9, "a name, ':' and a value are wanted"],
  ['(web1 or db1)', 1, 'parentheses must stand alone'],
  ['( web1 or db1)', 11, 'parentheses must stand alone'],
  ['web1 or N@nope', 9, "there is no node group 'nope'"],
  ['ü* and ( web1', 8, "this '(' is never closed"],
])('of %s the mistake is at column %i: %s', async (tgt, column, why) => {
  const error = await matcherOf(tgt, 'compound', { nodegroups }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'TARGET_INVALID' });
  const [first, shown, caret] = String((error as Error).message).split('\n');
  expect(first).toContain(`the target is not valid at column ${column}: ${why}`);
  expect([shown, caret]).toEqual([tgt, `${' '.repeat(column - 1)}^`]);
});

test.each<[TargetType, string | string[], RegExp]>([
  ['grain', 'os', /needs a name, ':' and a value, not 'os'/],
  ['glob', '', /must be one text that is not empty/],
  ['glob', ['a', 'b'], /must be one text/],
  ['pcre', '(', /\(/],
  ['grain_pcre', 'os:(', /\(/],
  ['ipcidr', '10.0.0.0/99', /neither an address nor a network/],
  ['pillar', 'a:b', /there is no pillar/],
  ['compound', 'I@a:b', /I@a:b: there is no pillar/],
  ['compound', ['web1', 'and', 'X@y'], /not valid at 'X@y': there is no matcher/],
  ['nodegroup', 'wed', /there is no node group 'wed'/],
])('%s %s is refused', async (type, tgt, why) => {
  await expect(matcherOf(tgt, type, { nodegroups })).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  await expect(matcherOf(tgt, type, { nodegroups })).rejects.toThrow(why);
});

test.each(['10.0.1', '10.0.1.256', '10.0..1', '', '10.0.1.1.1', 'x10.0.1.1', '10.0.1.1 '])(
  "a grain '%s' is no address, and in no network",
  async (address) => {
    expect((await matcherOf('0.0.0.0/0', 'ipcidr'))({ id: 'm1', grains: { ipv4: [address] } })).toBe(false);
  },
);

test('a network ends where its mask says', async () => {
  const matches = await matcherOf('10.0.1.128/25', 'ipcidr');
  const isInside = (address: string) => matches({ id: 'm1', grains: { ipv4: [address] } });
  expect(['10.0.1.127', '10.0.1.128', '10.0.1.255', '10.0.2.0'].map(isInside)).toEqual([false, true, true, false]);
  expect((await matcherOf('0.0.0.0/0', 'ipcidr'))({ id: 'm1', grains: { ipv4: ['255.255.255.255'] } })).toBe(true);
});

test('node groups that contain themselves are told with their way', async () => {
  const loop = { a: 'N@b', b: ['web1', 'or', 'N@c'], c: 'not N@a' };
  await expect(matcherOf('a', 'nodegroup', { nodegroups: loop })).rejects.toThrow(
    'node groups contain themselves: a -> b -> c -> a',
  );
});

test('what nests without end is refused before it is read', async () => {
  await expect(matcherOf('( '.repeat(30_000), 'compound')).rejects.toThrow('more than 1000 words');
});
