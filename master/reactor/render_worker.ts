import { parentPort, workerData } from 'node:worker_threads';
import { type RenderThreadData, serveRenders } from './serve_renders.ts';

// What a worker thread runs: see openRenderWorker.
if (parentPort !== null) serveRenders(parentPort, workerData as RenderThreadData);
