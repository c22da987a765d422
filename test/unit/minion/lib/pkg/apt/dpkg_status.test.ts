import { expect, test } from 'vitest';
import { parseDpkgStatus } from '../../../../../../minion/lib/pkg/apt/dpkg_status.ts';

function paragraph(name: string, status: string, arch = 'amd64'): string {
  return `Package: ${name}\nStatus: ${status}\nArchitecture: ${arch}\nVersion: 1.0\n`;
}

test.each([
  ['install ok installed', true, false],
  ['hold ok installed', true, false],
  ['install ok triggers-pending', true, false],
  ['deinstall ok config-files', false, true],
  ['install ok half-configured', false, false],
  ['unknown ok not-installed', false, false],
])('%s: installed %j, removed %j', (status, isInstalled, isRemoved) => {
  expect(parseDpkgStatus(paragraph('a', status))).toMatchObject([{ name: 'a', isInstalled, isRemoved }]);
});

test('a package of another architecture has it in its name', () => {
  const text = [
    paragraph('dpkg', 'install ok installed'),
    paragraph('libc6', 'install ok installed'),
    paragraph('libc6', 'install ok installed', 'i386'),
    paragraph('tzdata', 'install ok installed', 'all'),
  ].join('\n');
  expect(parseDpkgStatus(text).map(({ name }) => name)).toEqual(['dpkg', 'libc6', 'libc6:i386', 'tzdata']);
});

test('a field goes on over several lines', () => {
  const text = 'Package: a\nStatus: install ok installed\nDescription: short\n long\n .\n  - item\nVersion: 2\n';
  const [found] = parseDpkgStatus(text);
  expect(found?.fields.get('description')).toBe('short\nlong\n.\n - item');
  expect(found?.version).toBe('2');
});
