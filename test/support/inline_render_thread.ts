import { MessageChannel } from 'node:worker_threads';
import type { OpenRenderThread } from '../../master/reactor/render_thread.ts';
import { serveRenders } from '../../master/reactor/serve_renders.ts';

/** A render thread that is none: the same messages within one thread, whose code needs no build. */
export const openInlineRenderThread: OpenRenderThread = (data) => {
  const { port1, port2 } = new MessageChannel();
  serveRenders(port2, data);
  return Object.assign(port1, {
    terminate() {
      port1.close();
      port2.close();
    },
  });
};
