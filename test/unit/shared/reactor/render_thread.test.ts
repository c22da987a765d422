import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import { createThreadRenderer, type RenderThread } from '../../../../shared/reactor/render_thread.ts';
import { fakeClock } from '../../../support/fake_context.ts';
import { openInlineRenderThread } from '../../../support/inline_render_thread.ts';
import { temporaryDir } from '../../../support/temporary_dir.ts';

const event = { tag: 'a/b', data: { id: 'm1' } };

function rig(call: (fun: string, arg: readonly unknown[]) => Promise<unknown> = async () => undefined) {
  const dir = temporaryDir();
  const data = { opts: { timeout: 7 }, roots: { base: [dir] }, functions: ['saltutil.runner'] };
  const renderer = createThreadRenderer({ data, open: openInlineRenderThread, call, clock: systemClock });
  return {
    async render(text: string): Promise<unknown> {
      const path = join(dir, 'r.sls');
      writeFileSync(path, text);
      try {
        return await renderer.renderFile({ name: 'salt://r.sls', path }, event);
      } finally {
        renderer.stop();
      }
    },
    dir,
  };
}

test('a file is rendered with data, tag and opts, and what stands beside it can be imported', async () => {
  const { render, dir } = rig();
  writeFileSync(join(dir, 'map.jinja'), "{% set x = 'imported' %}");
  const text = "{% from './map.jinja' import x %}\na: [{{ data.id }}, {{ tag }}, {{ opts.timeout }}, {{ x }}]\n";
  expect(await render(text)).toEqual({ a: ['m1', 'a/b', 7, 'imported'] });
});

test('a function of a template runs outside, and its failure is the failure of the file', async () => {
  const { render } = rig(async (_fun, [name]) => [`${String(name)} said`]);
  expect(await render("a: {{ salt['saltutil.runner']('manage.up')[0] | json }}\n")).toEqual({ a: 'manage.up said' });
  const refusing = rig(() => Promise.reject(new Error('not now')));
  await expect(refusing.render("a: {{ salt['saltutil.runner']('x.y') }}\n")).rejects.toThrow('not now');
});

test('an error says what is wrong and where', async () => {
  await expect(rig().render('a: {{ nope }}\n')).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining("Jinja variable 'nope' is undefined; line 1"),
  });
});

test('a thread that dies fails what it had and is started anew for the next', async () => {
  const threads: { fail: (error: Error) => void; terminated: boolean }[] = [];
  const open = (): RenderThread => {
    const listeners = new Map<string, (given: never) => void>();
    const state = { fail: (error: Error) => listeners.get('error')?.(error as never), terminated: false };
    threads.push(state);
    return {
      postMessage: () => undefined,
      on: (name: string, listener: (given: never) => void) => void listeners.set(name, listener),
      terminate() {
        state.terminated = true;
      },
    };
  };
  const clock = fakeClock();
  const data = { opts: {}, roots: {}, functions: [] };
  const { renderFile } = createThreadRenderer({ data, open, call: async () => undefined, clock });
  const first = renderFile({ name: '/a.sls', path: '/a.sls' }, event);
  threads[0]?.fail(new Error('out of memory'));
  await expect(first).rejects.toThrow('the render thread ended: out of memory');
  const second = renderFile({ name: '/a.sls', path: '/a.sls' }, event);
  expect(threads).toHaveLength(2);
  clock.advance(60_000);
  await expect(second).rejects.toThrow('a file was not rendered within 60000 ms');
  expect(threads.map(({ terminated }) => terminated)).toEqual([true, true]);
});
