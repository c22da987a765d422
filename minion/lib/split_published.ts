import { yamlOrText } from '../../shared/yaml_or_text.ts';

export interface PublishedArguments {
  readonly arg: readonly unknown[];
  readonly kwarg: Readonly<Record<string, unknown>>;
}

const KEYWORD = /^([A-Za-z_]\w*)=(.*)$/s;

/**
 * What `publish.publish` makes of its `arg`: a list or one value, texts read as YAML as a command line would, and
 * `name=value` as a keyword argument.
 */
export function splitPublished(given: unknown): PublishedArguments {
  const all = given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
  const arg: unknown[] = [];
  const kwarg: Record<string, unknown> = {};
  for (const one of all) {
    const keyword = typeof one === 'string' ? KEYWORD.exec(one) : null;
    if (keyword === null) arg.push(one);
    else kwarg[keyword[1] as string] = readText(keyword[2] as string);
  }
  return { arg, kwarg };
}

/** What YAML takes for null, such as `~`, stays text. */
function readText(text: string): unknown {
  return yamlOrText(text) ?? text;
}
