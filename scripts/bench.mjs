// `npm run bench -- NAME`: one benchmark, on a clone where nothing was installed or built. Plain JavaScript.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureBuilt, isFresh } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const MAIN = 'dist/bench/lib/run_benchmark.js';

/** The benchmarks, and the programs that they start beside those of the product. */
async function bundleBenchmarks() {
  const { build } = await import('esbuild');
  const files = ['bench', 'bench/programs'].flatMap((folder) =>
    readdirSync(`${root}${folder}`)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`),
  );
  rmSync(`${root}dist/bench`, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/lib/run_benchmark.ts', ...files],
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
}

await ensureBuilt();
if (!isFresh(MAIN, ['bench'])) await bundleBenchmarks();
const { runBenchmark } = await import(`../${MAIN}`);
process.exitCode = await runBenchmark(process.argv.slice(2), new URL('../dist/', import.meta.url));
