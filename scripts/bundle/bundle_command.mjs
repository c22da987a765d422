import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { pluginImports } from './plugin_imports.mjs';
import { REPLACED } from './replaced.mjs';

/** `loadFolder<…>(programFolder('cli/…'))`: plugins that belong to the command itself. */
const OWN_FOLDER = /loadFolder<\w+>\(programFolder\('(cli\/[\w/]+)'\)\)/g;

/**
 * A command of operators as one script, which `startCommand` runs: an expression whose value is a function that answers
 * with what the command's file exports. The first line is a comment with the hash of the others.
 */
export async function bundleCommand(root, main) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [main],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'import.meta.url': 'BUNDLE_URL' },
    alias: REPLACED,
    external: ['lmdb'],
    plugins: [{ name: 'plugins of the command', setup: (setup) => listOwnPlugins(setup, root) }],
    write: false,
    logLevel: 'warning',
  });
  const code = outputFiles[0].text.replace(/\bimport\(/g, 'importFile(');
  const script = `(function(require,importFile,BUNDLE_URL){const module={exports:{}};${code}return module.exports})`;
  return `//${createHash('sha256').update(script).digest('base64url').slice(0, 16)}\n${script}`;
}

/** A folder of the command's own plugins becomes a list: loaded from files, they would have another FleetError. */
function listOwnPlugins({ onLoad }, root) {
  onLoad({ filter: /\/cli\/.*\.ts$/ }, async ({ path }) => {
    const source = await readFile(path, 'utf8');
    const contents = source.replace(OWN_FOLDER, (_call, folder) => `lazyFolder(${pluginImports(root, folder)})`);
    if (contents === source) return undefined;
    const lazy = `import { lazyFolder } from '${root}shared/plugin/lazy_folder.ts';\n`;
    return { contents: lazy + contents, loader: 'ts', resolveDir: dirname(path) };
  });
}
