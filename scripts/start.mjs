// `npm start`: from a fresh clone to a fleet that answers. Plain JavaScript: nothing is installed or built before it.
import { endWithParent } from './end_with_parent.mjs';
import { ensureBuilt } from './setup.mjs';

// Started by hand it may be meant to outlive its shell.
if (process.env.npm_lifecycle_event !== undefined) endWithParent();
await ensureBuilt();
const { runDemo } = await import('../dist/scripts/demo.js');
process.exitCode = await runDemo(process.argv.slice(2));
