// `npm run bench -- NAME`: one benchmark, on a clone where nothing was installed or built. Plain JavaScript.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './setup.mjs';

await ensureBuilt();
const { build } = await import('esbuild');
const root = fileURLToPath(new URL('..', import.meta.url));
const benchmarks = readdirSync(`${root}bench`).filter((file) => file.endsWith('.ts'));

rmSync(`${root}dist/bench`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['bench/lib/run_benchmark.ts', ...benchmarks.map((file) => `bench/${file}`)],
  outdir: `${root}dist/bench`,
  outbase: 'bench',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['lmdb'],
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  logLevel: 'warning',
});
const { runBenchmark } = await import('../dist/bench/lib/run_benchmark.js');
process.exitCode = await runBenchmark(process.argv.slice(2), new URL('../dist/', import.meta.url));
