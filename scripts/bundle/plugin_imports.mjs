import { readdirSync } from 'node:fs';

/** The plugins of a folder by their names, as the source of an object of imports: see PluginImports. */
export function pluginImports(root, folder) {
  const names = readdirSync(`${root}${folder}`).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? []);
  return `{ ${names.map((name) => `'${name}': () => import('${root}${folder}/${name}.ts')`).join(', ')} }`;
}
