/**
 * Typed topic templates. `{name}` is one level that varies, `{name*}` (last only) is one or more levels: an event's
 * tag. The type of the parameters follows from the text.
 */
type ParamName<T extends string> = T extends `${infer Name}*` ? Name : T;
type ParamNames<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? ParamName<Name> | ParamNames<Rest>
  : never;
export type TopicParams<T extends string> = { readonly [K in ParamNames<T>]: string };

/**
 * DESIGN.md §3: what a 256-byte device can still take, and far below Aedes' own limits. The parameter `id` is not
 * counted: it has a limit of its own, and the tags of a minion's own events name it once more (docs/decisions/0013).
 */
export const TOPIC_LIMITS = { bytes: 128, levels: 12 } as const;

export function topicFits(topic: string, id = ''): boolean {
  const bytes = Buffer.byteLength(topic) - Buffer.byteLength(id);
  return bytes <= TOPIC_LIMITS.bytes && levelCount(topic) <= TOPIC_LIMITS.levels;
}

function levelCount(topic: string): number {
  let count = 1;
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) count++;
  return count;
}

export interface TemplateLevel {
  readonly kind: 'literal' | 'one' | 'rest';
  /** The literal text, or the parameter's name. */
  readonly text: string;
}

const templateCache = new Map<string, readonly TemplateLevel[]>();

export function templateLevels(template: string): readonly TemplateLevel[] {
  let levels = templateCache.get(template);
  if (levels === undefined) {
    levels = template.split('/').map((level): TemplateLevel => {
      if (!level.startsWith('{')) return { kind: 'literal', text: level };
      const name = level.slice(1, -1);
      return name.endsWith('*') ? { kind: 'rest', text: name.slice(0, -1) } : { kind: 'one', text: name };
    });
    templateCache.set(template, levels);
  }
  return levels;
}

export function formatTopic<T extends string>(template: T, params: TopicParams<T>): string {
  const given = params as Readonly<Record<string, string | undefined>>;
  let topic = '';
  for (const level of templateLevels(template)) {
    const text = level.kind === 'literal' ? level.text : checkParam(level, given[level.text]);
    topic = topic === '' ? text : `${topic}/${text}`;
  }
  if (Buffer.byteLength(topic) - Buffer.byteLength(given.id ?? '') > TOPIC_LIMITS.bytes) {
    throw new TypeError(`topic is longer than ${TOPIC_LIMITS.bytes} bytes: ${topic}`);
  }
  return topic;
}

function checkParam(level: TemplateLevel, value: string | undefined): string {
  const bad = level.kind === 'one' ? /[+#/\0]/ : /[+#\0]|\/\/|^\/|\/$/;
  if (value === undefined || value === '' || bad.test(value)) {
    const what = level.kind === 'one' ? 'one MQTT level' : 'a tag of MQTT levels';
    throw new TypeError(`topic parameter ${level.text} is not ${what}: ${JSON.stringify(value)}`);
  }
  return value;
}

/** The MQTT filter of all topics of this shape; parameters that are given stay fixed. */
export function topicFilter<T extends string>(template: T, fixed: Partial<TopicParams<T>> = {}): string {
  const given = fixed as Readonly<Record<string, string | undefined>>;
  return templateLevels(template)
    .map((level) => (level.kind === 'literal' ? level.text : (given[level.text] ?? (level.kind === 'one' ? '+' : '#'))))
    .join('/');
}

/** The parameters, or undefined when the topic is of another shape. */
export function parseTopic<T extends string>(template: T, topic: string): TopicParams<T> | undefined {
  return matchLevels(templateLevels(template), topic.split('/')) as TopicParams<T> | undefined;
}

export function matchLevels(
  want: readonly TemplateLevel[],
  have: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const open = want.at(-1)?.kind === 'rest';
  if (open ? have.length < want.length : have.length !== want.length) return undefined;
  const params: Record<string, string> = {};
  for (let index = 0; index < want.length; index++) {
    const { kind, text } = want[index] as TemplateLevel;
    const value = have[index] as string;
    // As in formatTopic: a level is never empty, so that whatever was parsed can be formatted again.
    if (kind === 'literal') {
      if (text !== value) return undefined;
    } else if (kind === 'one') {
      if (value === '') return undefined;
      params[text] = value;
    } else {
      const levels = have.slice(index);
      if (levels.includes('')) return undefined;
      params[text] = levels.join('/');
    }
  }
  return params;
}

/** Does an MQTT filter match a topic? [MQTT-4.7.1-2, 4.7.1-3, 4.7.2-1] */
export function filterMatches(filter: string, topic: string): boolean {
  const want = filter.split('/');
  const have = topic.split('/');
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  for (const [index, level] of want.entries()) {
    if (level === '#') return true;
    if (index >= have.length) return false;
    if (level !== '+' && level !== have[index]) return false;
  }
  return want.length === have.length;
}

/**
 * Whether it is one [MQTT-4.7.1]: a wildcard is a whole level, and `#` the last one. `$share` and `$SYS` are none of
 * ours.
 */
export function isTopicFilter(text: string): boolean {
  if (text === '' || text.startsWith('$') || text.includes('\0') || Buffer.byteLength(text) > TOPIC_LIMITS.bytes)
    return false;
  const levels = text.split('/');
  return levels.every(
    (level, index) => level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
  );
}
