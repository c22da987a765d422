// `npm test`: every test, on a clone where nothing was installed or built. Arguments go to Vitest.
import { runVitest } from './run_vitest.mjs';

process.exitCode = await runVitest(process.argv.slice(2));
