import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'Memory and swap in MiB.',
  collect({ platform, readText }) {
    const text = readText('/proc/meminfo');
    if (text === undefined) return { mem_total: Math.floor(platform.memoryBytes / 1024 ** 2) };
    return { ...grain('mem_total', text, 'MemTotal'), ...grain('swap_total', text, 'SwapTotal') };
  },
});

function grain(name: string, text: string, field: string): Record<string, number> {
  const kib = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1];
  return kib === undefined ? {} : { [name]: Math.floor(Number(kib) / 1024) };
}
