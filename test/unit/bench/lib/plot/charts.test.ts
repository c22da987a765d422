import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bar, drawBarChart } from '../../../../../bench/lib/plot/bar_chart.ts';
import { drawLineChart, type Line, type Point } from '../../../../../bench/lib/plot/line_chart.ts';
import { drawFigure, type Panel, shorten } from '../../../../../bench/lib/plot/panel.ts';

/** The texts of an SVG in their order, as a reader sees them. */
function textsOf({ body }: Panel): string[] {
  return [...body.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);
}

/** The attributes of all elements of a name. */
function elementsOf({ body }: Panel, name: string): Record<string, string>[] {
  return [...body.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, all = '']) =>
    Object.fromEntries([...all.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
  );
}

const ofKind = (panel: Panel, name: string, kind: string): Record<string, string>[] =>
  elementsOf(panel, name).filter((attributes) => attributes.class?.split(' ').includes(kind) === true);

/** Every element is closed by its own name, and no attribute is no number where a number belongs. */
function expectSound(svg: string): void {
  const open: string[] = [];
  for (const [, end, name = '', self] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^>]*?)?(\/?)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (self !== '/') open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

describe('a bar chart', () => {
  const bars: Bar[] = [
    {
      name: "salt '*' test.ping",
      value: 200,
      spread: [100, 400],
      target: { value: 300, note: '≤ 300: met, 33 % to spare', isMet: true },
    },
    { name: 'slow', value: 400, target: { value: 200, note: '≤ 200: not met', isMet: false } },
    { name: 'Salt, the same', value: 100, isPeer: true },
  ];
  const panel = drawBarChart('Milliseconds', bars);

  test('says all of it in text', () => {
    expect(textsOf(panel)).toEqual(
      expect.arrayContaining([
        'Milliseconds',
        "salt '*' test.ping",
        '200 (100 to 400)',
        '≤ 300: met, 33 % to spare',
        '≤ 200: not met',
        '400',
      ]),
    );
  });

  test('draws bars from zero as long as their values, in the colours of what they are', () => {
    const all = elementsOf(panel, 'rect');
    expect(all.map((bar) => bar.class)).toEqual(['met', 'missed', 'faint']);
    const [first, second, third] = all.map((bar) => Number(bar.width));
    expect(second).toBeCloseTo(2 * (first ?? 0), 0);
    expect(third).toBeCloseTo((first ?? 0) / 2, 0);
    expect(new Set(all.map((bar) => bar.x)).size).toBe(1);
  });

  test('draws the spread and the target where they belong', () => {
    const [spread, ...ends] = ofKind(panel, 'path', 'spread').map(({ d }) => d);
    const [from, to] = [...(spread ?? '').matchAll(/[ML]([\d.]+) /g)].map(([, x]) => Number(x));
    const bar = elementsOf(panel, 'rect')[0];
    const [left, width] = [Number(bar?.x), Number(bar?.width)];
    expect([from, to]).toEqual([expect.closeTo(left + width / 2, 0), expect.closeTo(left + width * 2, 0)]);
    expect(ends).toHaveLength(2);
    const [target] = ofKind(panel, 'path', 'target').map(({ d }) => Number(/^M([\d.]+) /.exec(d ?? '')?.[1]));
    expect(target).toBeCloseTo(left + width * 1.5, 0);
  });

  test('turns logarithmic with marks in place of bars when small ones would be lost', () => {
    const wide = drawBarChart('MB', [
      { name: 'one', value: 20 },
      { name: 'all', value: 2000 },
    ]);
    expect(textsOf(wide)[0]).toBe('MB, logarithmic');
    expect(elementsOf(wide, 'rect')).toEqual([]);
    expect(elementsOf(wide, 'circle')).toHaveLength(2);
  });

  test('draws what it can of what is not known', () => {
    const partly = drawBarChart('MB', [
      { name: 'lost', value: Number.NaN },
      { name: 'a range alone', value: Number.NaN, spread: [75, 79] },
      { name: 'zero', value: 0 },
    ]);
    expect(textsOf(partly)).toEqual(expect.arrayContaining(['–', '75 to 79', '0']));
    expect(elementsOf(partly, 'rect')).toHaveLength(1);
    expect(ofKind(partly, 'path', 'spread')).toHaveLength(3);
    expectSound(partly.body);
  });

  test('stands without any bars', () => {
    expectSound(drawBarChart('MB', []).body);
  });
});

describe('a line chart', () => {
  const ours: Line = {
    name: 'publish to last return',
    points: [
      { x: 1, y: 5, spread: [4, 9] },
      { x: 100, y: 20, target: { value: 50, note: '≤ 50' } },
      { x: 10_000, y: 900, target: { value: 50, note: '≤ 50' } },
    ],
  };
  const theirs: Line = { name: 'Salt', points: [{ x: 100, y: 10_000 }], isPeer: true };
  const panel = drawLineChart('Milliseconds', 'minions', [ours, theirs]);

  test('names its lines and its axes, and says a target once', () => {
    expect(textsOf(panel)).toEqual(
      expect.arrayContaining(['Milliseconds, logarithmic', 'publish to last return', 'Salt', 'minions', '10,000']),
    );
    expect(textsOf(panel).filter((text) => text === '≤ 50')).toHaveLength(1);
    expect(ofKind(panel, 'path', 'target')).toHaveLength(2);
  });

  test('draws a line through its points, and a peer with hollow marks', () => {
    const path = ofKind(panel, 'path', 'line0').find(({ d }) => (d?.match(/L/g)?.length ?? 0) === 2)?.d ?? '';
    const [first, middle, last] = [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    // A hundred is halfway from one to ten thousand.
    expect(middle?.[0]).toBeCloseTo(((first?.[0] ?? 0) + (last?.[0] ?? 0)) / 2, 0);
    expect(first?.[1]).toBeGreaterThan(middle?.[1] ?? 0);
    expect(ofKind(panel, 'rect', 'hollow')).toHaveLength(2);
    expect(ofKind(panel, 'circle', 'mark0')).toHaveLength(4);
  });

  test('has both axes linear when that shows all', () => {
    const near = drawLineChart('MB', 'minions', [
      {
        name: 'a',
        points: [
          { x: 100, y: 60 },
          { x: 1000, y: 200 },
        ],
      },
    ]);
    expect(textsOf(near)).toEqual(expect.arrayContaining(['MB', '0', '200', '1,000']));
  });

  test('leaves a gap where nothing was measured', () => {
    const points = [10, Number.NaN, 30, 40].map((y, index): Point => ({ x: index + 1, y, spread: [y, y] }));
    const gap = drawLineChart('MB', 'minions', [{ name: 'a', points }]);
    const lengths = ofKind(gap, 'path', 'line').map(({ d }) => d?.match(/[ML]/g)?.length);
    // The first is the one of the legend; a point that stands alone has its mark, and no line.
    expect(lengths).toEqual([2, 2]);
    expect(ofKind(gap, 'circle', 'mark0')).toHaveLength(1 + 3);
    expectSound(gap.body);
  });

  test.each<[string, Line[]]>([
    ['no lines', []],
    ['no points', [{ name: 'a', points: [] }]],
    ['one point', [{ name: 'a', points: [{ x: 1, y: 1 }] }]],
    [
      'zero alone',
      [
        {
          name: 'a',
          points: [
            { x: 0, y: 0 },
            { x: 0, y: 0 },
          ],
        },
      ],
    ],
    ['nothing that was measured', [{ name: 'a', points: [{ x: 1, y: Number.NaN }] }]],
  ])('stands with %s', (_what, lines) => {
    expectSound(drawLineChart('MB', 'minions', lines).body);
  });
});

describe('a figure', () => {
  const draw = (): string =>
    drawFigure('Fan-out & <more>', [
      drawBarChart('"ms" & \u0000 \ud800', [{ name: '<b>&amp;"', value: 1 }]),
      drawLineChart('MB', 'minions', [{ name: 'é ≤ 日本', points: [{ x: 1, y: 2 }] }]),
    ]);

  test('is the same text whenever it is drawn', () => {
    expect(draw()).toBe(draw());
  });

  test('has its panels below each other, within its size', () => {
    const svg = draw();
    const [first, second] = [...svg.matchAll(/translate\(0 (\d+)\)/g)].map(([, y]) => Number(y));
    expect(first).toBe(0);
    expect(second).toBe(drawBarChart('x', [{ name: 'a', value: 1 }]).heightPx);
    expect(svg).toMatch(
      new RegExp(
        `^<svg [^>]*viewBox="0 0 760 ${(second ?? 0) + drawLineChart('MB', 'x', [{ name: 'a', points: [] }]).heightPx}"`,
      ),
    );
  });

  test('escapes what XML would read, and leaves out what it does not have', () => {
    const svg = draw();
    expectSound(svg);
    expect(svg).toContain('<title>Fan-out &amp; &lt;more&gt;</title>');
    expect(svg).toContain('>&lt;b&gt;&amp;amp;&quot;</text>');
    expect(svg).toContain('>&quot;ms&quot; &amp; \ufffd \ufffd</text>');
    expect(svg).toContain('>é ≤ 日本</text>');
  });

  test('has colours for light and for dark', () => {
    const [, before = '', inDark = ''] =
      /<style>(.*)@media\(prefers-color-scheme:dark\)\{(.*)\}<\/style>/.exec(draw()) ?? [];
    const kinds = (css: string): string[] =>
      [...css.matchAll(/\.[\w.,]+(?=\{(?:fill|stroke):#)/g)].map(([kind]) => kind);
    expect(kinds(inDark).length).toBeGreaterThan(8);
    expect(kinds(before)).toEqual(kinds(inDark));
  });

  test('is sound whatever the figures are', () => {
    const value = fc.oneof(
      fc.double({ min: -1e100, max: 1e100 }),
      fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY),
    );
    const spread = fc.option(fc.tuple(value, value), { nil: undefined });
    const bar = fc.record({ name: fc.string({ unit: 'binary' }), value, spread });
    const line = fc.record({ name: fc.string(), points: fc.array(fc.record({ x: value, y: value, spread })) });
    fc.assert(
      fc.property(fc.array(bar), fc.array(line), (bars, lines) => {
        expectSound(drawBarChart('x', bars).body.replaceAll(/(?<=<text [^>]*>)[^<]*/g, ''));
        expectSound(drawLineChart('x', 'y', lines).body.replaceAll(/(?<=<text [^>]*>)[^<]*/g, ''));
      }),
    );
  });
});

test.each([
  ['short', 200, 'short'],
  ['a very long name', 66, 'a very lo…'],
  ['x', 0, '…'],
])('%s in %d pixels is %s', (text, width, shortened) => {
  expect(shorten(text, width)).toBe(shortened);
});
