import { build } from 'esbuild';

/** A function of this folder, whose file is named after it, as text that defines it with all that it requires. */
export async function bundleFunction(root, name) {
  const file = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`scripts/bundle/${file}.cjs`],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    write: false,
    logLevel: 'warning',
  });
  return `const ${name}=(module=>{${outputFiles[0].text};return module.exports})({});`;
}
