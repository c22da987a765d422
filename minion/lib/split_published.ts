import { load } from 'js-yaml';
import { saltSchema } from '../../shared/salt_yaml.ts';

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

/** As YAML when it is some; a text that is none stays as it is. */
function readText(text: string): unknown {
  try {
    return load(text, { schema: saltSchema }) ?? text;
  } catch {
    return text;
  }
}
