import { expect, test } from 'vitest';
import { lazyFolder } from '../../../../shared/plugin/lazy_folder.ts';

function counted<P>(value: P) {
  const counter = { count: 0 };
  return {
    counter,
    read: async () => {
      counter.count++;
      return { default: value };
    },
  };
}

test('its names are sorted, and a plugin is imported when it is asked for, once', async () => {
  const [b, a] = [counted('plugin b'), counted('plugin a')];
  const folder = lazyFolder({ b: b.read, a: a.read });
  expect(folder.names).toEqual(['a', 'b']);
  expect([a.counter.count, b.counter.count]).toEqual([0, 0]);
  expect(await Promise.all([folder.load('b'), folder.load('b')])).toEqual(['plugin b', 'plugin b']);
  folder.rescan();
  expect(await folder.load('b')).toBe('plugin b');
  expect([a.counter.count, b.counter.count]).toEqual([0, 1]);
});

test('what is not in it is undefined, also by a name that every object has', async () => {
  const folder = lazyFolder({});
  expect(await folder.load('a')).toBeUndefined();
  expect(await folder.load('constructor')).toBeUndefined();
});

test('a plugin without a default export is a fault that names it', async () => {
  const folder = lazyFolder({ a: async () => ({}) });
  await expect(folder.load('a')).rejects.toMatchObject({ code: 'MODULE_CRASHED', message: 'a has no default export' });
});
