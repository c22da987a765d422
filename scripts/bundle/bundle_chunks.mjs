import { build, transform } from 'esbuild';
import { pluginImports } from './plugin_imports.mjs';
import { REPLACED } from './replaced.mjs';

/** The plugins of a minion: see BundledPlugins. */
const FOLDERS = {
  modules: 'minion/modules',
  grains: 'minion/grains',
  beacons: 'minion/beacons',
  returners: 'shared/returners',
};
/** Needed by every start, the last with `profile: full`, though imported when it is asked for. */
const STARTED = [/^minion\/grains\/[^/]+$/, /^minion\/loopback\.ts$/];
const MINIFY = { minifySyntax: true, minifyWhitespace: true, minifyIdentifiers: true };

/** The sources of a minion as chunks in CommonJS by name: those that a start needs, and all others. */
export async function bundleChunks(root) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: entrySource(root), resolveDir: root, sourcefile: 'entry.js' },
    outdir: root,
    bundle: true,
    splitting: true,
    entryNames: 'entry',
    chunkNames: '[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    ...MINIFY,
    define: { 'import.meta.url': 'BUNDLE_URL' },
    alias: REPLACED,
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const first = new Set();
  for (const name of ['entry.js', ...startedChunks(metafile.outputs)]) staticImports(name, metafile.outputs, first);
  const [plain, others] = [new Map(), new Map()];
  for (const { path, text } of outputFiles) {
    const name = path.split('/').at(-1);
    (first.has(name) ? plain : others).set(`./${name}`, await toCommonJs(text, metafile.outputs));
  }
  return { entry: './entry.js', plain, others };
}

function entrySource(root) {
  const folders = Object.entries(FOLDERS).map(([kind, folder]) => `${kind}: ${pluginImports(root, folder)}`);
  return `
    import { main } from './cli/commands/bundled_minion.ts';
    export const start = (keepCode) => void main(new URL(BUNDLE_URL), {
      ${folders.join(',\n')},
      renderWorker: () => import('./minion/reactor/render_worker.ts'),
    }, keepCode);
  `;
}

function startedChunks(outputs) {
  return Object.keys(outputs).filter((name) => STARTED.some((pattern) => pattern.test(outputs[name].entryPoint ?? '')));
}

/** A chunk and what it imports before it runs, into `found`. */
function staticImports(name, outputs, found) {
  if (found.has(name)) return;
  found.add(name);
  for (const { path, kind } of outputs[name].imports) {
    if (kind === 'import-statement' && path in outputs) staticImports(path, outputs, found);
  }
}

async function toCommonJs(text, outputs) {
  const { code } = await transform(text, { format: 'cjs', platform: 'node', target: 'node20', ...MINIFY });
  return code.replace(/\bimport\((?="\.\/([^"]+)"|)/g, (_import, name) => (name in outputs ? 'load(' : 'importFile('));
}
