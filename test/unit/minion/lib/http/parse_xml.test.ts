import { expect, test } from 'vitest';
import { parseXml, xmlToDict } from '../../../../../minion/lib/http/parse_xml.ts';

test.each([
  ['', 'there is not one root element'],
  ['<a/><b/>', 'there is not one root element'],
  ['<a>', '<a> is not closed'],
  ['<a></b>', '</b> closes what is not open'],
  ['</a>', '</a> closes what is not open'],
  ['<a', 'a tag is not closed'],
  ['<a b="></a>', 'a tag is not closed'],
  ['< a/>', 'a tag has no name'],
  ['<a><!-- </a>', '<!-- is not closed'],
  ['<a>&nbsp;</a>', "there is no entity 'nbsp'"],
  ['<a>&#9999999;</a>', 'a character is out of range'],
  ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'a DOCTYPE with declarations is not read'],
  ['<a>'.repeat(300), 'elements are nested deeper than 200'],
])('%s is refused', (text, reason) => {
  expect(() => parseXml(text)).toThrow(reason);
});

test('an element of a name that objects have is one like any other', () => {
  expect(JSON.stringify(xmlToDict(parseXml('<a><__proto__>1</__proto__><b/></a>')))).toBe('{"__proto__":"1","b":null}');
});

test('a long text is read in time', () => {
  const text = `<a>${'<b c="d">&amp;</b>'.repeat(50_000)}</a>`;
  expect(parseXml(text).children).toHaveLength(50_000);
});
