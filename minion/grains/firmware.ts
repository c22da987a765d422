import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Whether the machine was started by EFI, with secure boot.',
  collect(source) {
    if (source.platform.kernel !== 'Linux') return {};
    const hasVariables = source.exists('/sys/firmware/efi/efivars');
    return { efi: hasVariables, 'efi-secure-boot': hasVariables && isSecure(source) };
  },
});

/** UEFI specification 2.10, section 3.3: after four bytes of attributes one byte that is 1 or 0. */
function isSecure({ list, readText }: GrainSource): boolean {
  const folder = '/sys/firmware/efi/efivars';
  const name = list(folder).find((file) => file.startsWith('SecureBoot-'));
  return name !== undefined && readText(`${folder}/${name}`)?.at(-1) === '\u0001';
}
