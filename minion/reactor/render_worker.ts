import { parentPort, workerData } from 'node:worker_threads';
import { type RenderThreadData, serveRenders } from '../../shared/reactor/serve_renders.ts';

// What a worker thread of a minion runs: see renderWorkerOf. There are no file roots to import from.
if (parentPort !== null) serveRenders(parentPort, workerData as RenderThreadData, () => undefined);
