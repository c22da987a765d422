import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Processors: how many, their model and flags.',
  collect(source) {
    const text = source.readText('/proc/cpuinfo');
    return text === undefined ? fromSystem(source) : fromCpuinfo(text);
  },
});

function fromSystem({ platform }: GrainSource): Record<string, unknown> {
  const [model] = platform.cpuModels;
  return { num_cpus: platform.cpuModels.length, ...(model !== undefined && { cpu_model: model }) };
}

/** The names differ by architecture; of each list the first that is there counts. */
const modelKeys = ['model name', 'Processor', 'cpu model', 'cpu', 'vendor_id'];
const flagKeys = ['flags', 'Features'];

function fromCpuinfo(text: string): Record<string, unknown> {
  const fields = new Map<string, string>();
  let processors = 0;
  for (const line of text.split('\n')) {
    const [key = '', value] = line.split(/:(.*)/s).map((part) => part.trim());
    if (value === undefined) continue;
    if (key === 'processor') processors++;
    fields.set(key, value);
  }
  const first = (keys: readonly string[]) => keys.map((key) => fields.get(key)).find((value) => value !== undefined);
  const flags = first(flagKeys)?.split(/\s+/) ?? [];
  return {
    // IBM Z counts in a line of its own.
    num_cpus: Number(fields.get('# processors') ?? Math.max(processors, 1)),
    cpu_model: first(modelKeys) ?? 'Unknown',
    cpu_flags: flags.filter((flag) => flag !== ''),
  };
}
