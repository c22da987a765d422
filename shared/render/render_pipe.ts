import { RenderError } from './render_error.ts';

/** Renderers that there are, in the words of a `#!` line. */
const rendererNames = ['jinja', 'yaml', 'yamlex', 'json', 'text'] as const;
export type RendererName = (typeof rendererNames)[number];

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
    const known = rendererNames.find((renderer) => renderer === name);
    if (known !== undefined) return known;
    const hint = `use one of ${rendererNames.join(', ')}`;
    throw new RenderError(`the renderer '${name}' is not available`, { renderer: name, file, line: 1, hint });
  });
}
