import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'Kernel, its parameters and the architecture.',
  collect({ platform, readText }) {
    const { kernel, kernelrelease, kernelversion, cpuarch } = platform;
    const line = readText('/proc/cmdline');
    return {
      kernel,
      kernelrelease,
      kernelversion,
      cpuarch,
      ...(line !== undefined && { kernelparams: splitWords(line).map(parameter) }),
    };
  },
});

function parameter(word: string): [name: string, value: string | null] {
  const equals = word.indexOf('=');
  return equals === -1 ? [word, null] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** The kernel knows double quotes alone, and they may stand anywhere in a word. */
function splitWords(line: string): string[] {
  return (line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
