import { MessageChannel } from 'node:worker_threads';
import { createFileRoots } from '../../master/files/file_roots.ts';
import type { OpenRenderThread } from '../../shared/reactor/render_thread.ts';
import { serveRenders } from '../../shared/reactor/serve_renders.ts';

/** A render thread that is none: the same messages within one thread, whose code needs no build. */
export const openInlineRenderThread: OpenRenderThread = (data) => {
  const { port1, port2 } = new MessageChannel();
  const files = createFileRoots(data.roots);
  serveRenders(port2, data, (path) => files.read(path));
  return Object.assign(port1, {
    terminate() {
      port1.close();
      port2.close();
    },
  });
};
