// `npm start`: from a fresh clone to a fleet that answers. Plain JavaScript: nothing is installed or built before it.
import { ensureBuilt } from './setup.mjs';

await ensureBuilt();
const { runDemo } = await import('../dist/scripts/demo.js');
process.exitCode = await runDemo(process.argv.slice(2));
