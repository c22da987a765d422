import { toIndex } from '../values/convert.ts';
import { Markup } from '../values/markup.ts';
import type { Kwargs, Value } from '../values/py_object.ts';
import { checkItems } from '../values/repeat.ts';
import { isTrue } from '../values/truth.ts';
import type { FilterScope } from './filter_scope.ts';
import { bindArguments } from './signature.ts';

const WORDS =
  'a ac ad adipiscing aenean aliquam aliquet amet ante arcu at auctor augue bibendum blandit commodo consectetuer cras cum curae cursus dapibus diam dictum dolor donec dui duis egestas eget elit enim erat eros est et etiam eu fames felis fermentum feugiat fringilla fusce gravida habitant hendrerit iaculis id imperdiet in integer ipsum justo lacinia lacus laoreet lectus leo libero ligula lobortis lorem luctus maecenas magna malesuada massa mattis mauris metus mi molestie mollis morbi nam nec neque nibh nisi nisl non nulla nunc odio orci ornare parturient pede pellentesque pharetra placerat porta posuere praesent primis proin pulvinar purus quam quis rhoncus ridiculus risus rutrum sagittis sapien sed sem semper sit sociosqu sodales suscipit taciti tellus tempor tempus tincidunt tortor tristique turpis ultrices urna ut varius vehicula vel velit vestibulum vitae vivamus volutpat vulputate'.split(
    ' ',
  );

/** `lipsum(n=5, html=True, min=20, max=100)`: paragraphs of filler text. */
export function loremIpsum(scope: FilterScope, args: Value[], kwargs: Kwargs): Value {
  const list = { name: 'generate_lorem_ipsum', required: [], optional: { n: 5, html: true, min: 20, max: 100 } };
  const [count = 5, html = true, min = 20, max = 100] = bindArguments(list, args, kwargs);
  const least = toIndex(min);
  const most = Math.max(toIndex(max), least + 1);
  checkItems(toIndex(count) * most);
  const paragraphs = Array.from({ length: Math.max(0, toIndex(count)) }, () => paragraph(scope, least, most));
  if (!isTrue(html)) return paragraphs.join('\n\n');
  return new Markup(paragraphs.map((text) => `<p>${text}</p>`).join('\n'));
}

function paragraph(scope: FilterScope, least: number, most: number): string {
  const length = least + Math.floor(scope.random() * (most - least));
  const words: string[] = [];
  let sentenceStart = true;
  let untilStop = 0;
  for (let index = 0; index < length; index++) {
    const word = WORDS[Math.floor(scope.random() * WORDS.length)] ?? '';
    if (sentenceStart) untilStop = 5 + Math.floor(scope.random() * 12);
    const isLast = index === length - 1 || --untilStop === 0;
    words.push((sentenceStart ? word.charAt(0).toUpperCase() + word.slice(1) : word) + (isLast ? '.' : ''));
    sentenceStart = isLast;
  }
  return words.join(' ');
}
