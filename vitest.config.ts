import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Long by nature, or not for every machine: each is run when it is named.
    exclude: ['test/bench', 'test/chaos', 'test/machine', 'test/soak']
      .filter((folder) => !process.argv.some((word) => word.includes(folder)))
      .map((folder) => `${folder}/**`),
    // What is built leaves out the native part of cbor-x too.
    env: { CBOR_NATIVE_ACCELERATION_DISABLED: 'true' },
    pool: 'forks',
    // Many tests wait for processes of their own: one worker less than there are processors, as it is by default, leaves most idle.
    maxWorkers: availableParallelism() + 1,
    // There is one machine, with one lock of dpkg.
    fileParallelism: !process.argv.some((word) => word.includes('test/machine')),
    // Packages in CommonJS are imported as Node.js and the build do it.
    deps: { interopDefault: false },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
