// `npm run fuzz -- --minutes 10 --seed 7 --only frames`: broken templates, documents, packets, payloads, targets and
// command lines against what reads them. Plain JavaScript.
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureBuilt } from './setup.mjs';

await ensureBuilt();
const { build } = await import('esbuild');
const root = fileURLToPath(new URL('..', import.meta.url));
// Sources find the golden files by their own place, which all of them have at the same depth below test/.
const out = mkdtempSync(`${root}dist/fuzz-`);
try {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/fuzz/run_fuzz.ts', 'test/fuzz/fuzz_worker.ts'],
    outdir: out,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(`${root}test/fuzz/run_fuzz.ts`).href) },
    // Packages are loaded as they are installed: some are CommonJS.
    packages: 'external',
    logLevel: 'warning',
  });
  const { runFuzz } = await import(`${out}/run_fuzz.js`);
  process.exitCode = await runFuzz(process.argv.slice(2), pathToFileURL(`${out}/fuzz_worker.js`));
} finally {
  rmSync(out, { recursive: true, force: true });
}
