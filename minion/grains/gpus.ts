import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Graphics processors.',
  collect(source) {
    if (source.platform.kernel !== 'Linux') return {};
    const gpus = displays(source);
    // The table has a megabyte; most machines have nothing to look up in it.
    const names = gpus.length === 0 ? '' : (tables.map((path) => source.readText(path)).find((text) => text) ?? '');
    const found = gpus.map(({ vendor, device }) => ({
      vendor: vendors[vendor] ?? 'unknown',
      model: modelName(names, vendor, device) ?? `${vendor}:${device}`,
    }));
    return { gpus: found, num_gpus: found.length };
  },
});

const tables = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids'];

const vendors: Readonly<Record<string, string>> = {
  '1002': 'amd',
  '1013': 'cirrus logic',
  '102b': 'matrox',
  '10de': 'nvidia',
  '15ad': 'vmware',
  '1a03': 'aspeed',
  '8086': 'intel',
};

/** PCI class 0x03: display controllers. */
function displays({ list, readText }: GrainSource): { vendor: string; device: string }[] {
  const folder = '/sys/bus/pci/devices';
  const id = (name: string, file: string) => readText(`${folder}/${name}/${file}`)?.trim().replace('0x', '') ?? '';
  return list(folder)
    .filter((name) => id(name, 'class').startsWith('03'))
    .map((name) => ({ vendor: id(name, 'vendor'), device: id(name, 'device') }));
}

/** A vendor begins a line, its devices are indented by one tab beneath it. */
function modelName(table: string, vendor: string, device: string): string | undefined {
  const start = table.indexOf(`\n${vendor}  `);
  if (start === -1) return undefined;
  const devices = /^\n.*\n((?:[\t#].*\n)*)/.exec(table.slice(start))?.[1] ?? '';
  return new RegExp(`^\\t${device}  (.*)$`, 'm').exec(devices)?.[1];
}
