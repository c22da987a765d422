import { parentPort, workerData } from 'node:worker_threads';
import { type RenderThreadData, serveRenders } from '../../shared/reactor/serve_renders.ts';
import { createFileRoots } from '../files/file_roots.ts';

// What a worker thread of the master runs: see renderWorkerOf.
if (parentPort !== null) {
  const data = workerData as RenderThreadData;
  const files = createFileRoots(data.roots);
  serveRenders(parentPort, data, (path) => files.read(path));
}
