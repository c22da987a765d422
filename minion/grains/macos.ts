import { FleetError } from '../../shared/errors.ts';
import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'What macOS tells by its programs and not by files: the machine, swap and gateways.',
  async collect(source) {
    if (source.platform.kernel !== 'Darwin') return {};
    const [settings, hardware, ip4, ip6] = await Promise.all([
      output(source, ['sysctl', ...SETTINGS]),
      output(source, ['ioreg', '-rd1', '-c', 'IOPlatformExpertDevice']),
      output(source, ['route', '-n', 'get', 'default']),
      output(source, ['route', '-n', 'get', '-inet6', 'default']),
    ]);
    return { ...fromSettings(settings), ...fromHardware(hardware), ...gateways(ip4, ip6) };
  },
});

const SETTINGS = ['hw.model', 'machdep.cpu.features', 'vm.swapusage', 'kern.hv_vmm_present'];

/** What is missing on this machine costs its own grains alone; sysctl prints all that it knows. */
async function output({ exec }: GrainSource, argv: readonly [string, ...string[]]): Promise<string> {
  try {
    return (await exec(argv, { timeoutMs: 5000 })).stdout;
  } catch (error) {
    if (error instanceof FleetError && error.code === 'COMMAND_FAILED') return '';
    throw error;
  }
}

function fromSettings(text: string): Record<string, unknown> {
  const value = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(text)?.[1]?.trim();
  const model = value('hw.model');
  const features = value('machdep.cpu.features');
  const swap = /total = ([\d.]+)M/.exec(value('vm.swapusage') ?? '')?.[1];
  return {
    virtual: value('kern.hv_vmm_present') === '1' ? hypervisor(model ?? '') : 'physical',
    ...(model !== undefined && { productname: model, model_name: model }),
    ...(features !== undefined && { cpu_flags: features.toLowerCase().split(/\s+/) }),
    ...(swap !== undefined && { swap_total: Math.floor(Number(swap)) }),
  };
}

function hypervisor(model: string): string {
  return ['VMware', 'Parallels'].find((name) => model.startsWith(name)) ?? 'virtual';
}

function fromHardware(text: string): Record<string, unknown> {
  const value = (key: string) => new RegExp(`"${key}" = <?"([^"]*)"`).exec(text)?.[1];
  const [serial, uuid, maker] = [value('IOPlatformSerialNumber'), value('IOPlatformUUID'), value('manufacturer')];
  return {
    ...(maker !== undefined && { manufacturer: maker }),
    ...(serial !== undefined && { serialnumber: serial, system_serialnumber: serial }),
    ...(uuid !== undefined && { uuid: uuid.toLowerCase() }),
  };
}

function gateways(ip4Route: string, ip6Route: string): Record<string, unknown> {
  const [ip4, ip6] = [ip4Route, ip6Route].map(
    (text) => /^\s*gateway: (\S+)$/m.exec(text)?.[1]?.replace(/%.*/, '') ?? false,
  );
  return { ip4_gw: ip4, ip6_gw: ip6, ip_gw: ip4 !== false || ip6 !== false };
}
