import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Maker, model and firmware of the machine.',
  collect: (source) => (source.exists('/sys/class/dmi/id') ? fromDmi(source) : fromDeviceTree(source)),
});

const dmiFiles = {
  biosversion: 'bios_version',
  biosvendor: 'bios_vendor',
  biosreleasedate: 'bios_date',
  boardname: 'board_name',
  manufacturer: 'sys_vendor',
  productname: 'product_name',
  serialnumber: 'product_serial',
  uuid: 'product_uuid',
} as const;

function fromDmi({ readText }: GrainSource): Record<string, unknown> {
  const grains: Record<string, unknown> = {};
  for (const [name, file] of Object.entries(dmiFiles)) {
    const value = readText(`/sys/class/dmi/id/${file}`)?.trim();
    if (value !== undefined && value !== '') grains[name] = name === 'uuid' ? value.toLowerCase() : value;
  }
  return grains;
}

/** Devicetree specification 0.3, section 2.3.2: the model is `manufacturer,model`, though many leave the first out. */
function fromDeviceTree({ readText }: GrainSource): Record<string, unknown> {
  const property = (name: string) => readText(`/proc/device-tree/${name}`)?.replace(/\0+$/, '');
  const [first, second] = (property('model') ?? '').split(/,(.*)/s);
  const serial = property('serial-number') ?? property('system-id');
  return {
    ...(second !== undefined && { manufacturer: first }),
    ...(first !== '' && { productname: second ?? first }),
    ...(serial !== undefined && { serialnumber: serial }),
  };
}
