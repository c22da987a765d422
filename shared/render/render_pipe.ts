import { RenderError } from './render_error.ts';

/** Renderers that there are, in the words of a `#!` line, each with what it does. */
export const renderers = {
  jinja: 'Expand a template of Jinja2 to text.',
  yaml: 'Read YAML as Salt does, with duplicate keys an error.',
  yamlex: 'Read YAML whose !aggregate and !reset say how values of one key are merged.',
  json: 'Read JSON.',
  text: 'Take the text as it stands.',
} as const;
export type RendererName = keyof typeof renderers;

/** What a file is made by when it does not say. */
const DEFAULT_PIPE = 'jinja|yaml';

/**
 * The renderers that a file names in its first line (`#!jinja|yaml`), or the default ones.
 * @throws RenderError for one that there is not
 */
export function renderPipe(text: string, file: string, fallback = DEFAULT_PIPE): readonly RendererName[] {
  const line = /^\ufeff?#!([^\r\n]*)/.exec(text)?.[1]?.trim();
  // `#!/bin/sh` begins a script that somebody templates, not a list of renderers.
  const pipe = line === undefined || line.startsWith('/') ? fallback : line;
  return pipe.split('|').map((part) => {
    const name = part.trim().split(/\s/, 1)[0] as string;
    if (isRenderer(name)) return name;
    const hint = `use one of ${Object.keys(renderers).join(', ')}`;
    throw new RenderError(`the renderer '${name}' is not available`, { renderer: name, file, line: 1, hint });
  });
}

function isRenderer(name: string): name is RendererName {
  return Object.hasOwn(renderers, name);
}
