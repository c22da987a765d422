import { columns } from './file_root.ts';

/** Files of /proc in the shapes of Salt's status module. A file that is missing gives an empty mapping. */

type Text = string | undefined;
type Numbers = Record<string, number | string>;

/** A number where it is one; the kernel also writes words. */
function number(text = ''): number | string {
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? text : value;
}

export function loadAverage(text: Text): Record<string, number> {
  const [one, five, fifteen] = columns(text)[0] ?? [];
  return one === undefined ? {} : { '1-min': Number(one), '5-min': Number(five), '15-min': Number(fifteen) };
}

export function cpuStats(text: Text): Record<string, unknown> {
  const stats: Record<string, unknown> = {};
  for (const [name = '', ...values] of columns(text)) {
    const numbers = values.map(number);
    if (name === 'cpu') stats.cpu = cpuTimes(numbers);
    else if (name === 'intr') stats.intr = { total: numbers[0], irqs: numbers.slice(1) };
    else if (name === 'softirq') stats.softirq = { total: numbers[0], softirqs: numbers.slice(1) };
    else stats[name] = numbers[0];
  }
  return stats;
}

function cpuTimes(values: readonly (number | string)[]): Record<string, unknown> {
  const [user, nice, system, idle, iowait, irq, softirq, steal] = values;
  return { idle, iowait, irq, nice, softirq, steal, system, user };
}

export function memoryInfo(text: Text): Record<string, Record<string, string>> {
  const rows = columns(text).map(([name = '', value = '', unit]) => [
    name.replace(/:$/, ''),
    { value, ...(unit !== undefined && { unit }) },
  ]);
  return Object.fromEntries(rows);
}

export function cpuInfo(text: Text): Record<string, unknown> {
  const info: Record<string, unknown> = {};
  for (const line of (text ?? '').split('\n')) {
    const [name = '', value] = line.split(/:(.*)/s).map((part) => part.trim());
    if (value === undefined) continue;
    info[name] = name === 'flags' || name === 'Features' ? value.split(/\s+/) : value;
  }
  return info;
}

const diskFields = [
  ...['major', 'minor', 'device', 'reads_issued', 'reads_merged', 'sectors_read', 'ms_spent_reading'],
  ...['writes_completed', 'writes_merged', 'sectors_written', 'ms_spent_writing', 'io_in_progress', 'ms_spent_in_io'],
  'weighted_ms_spent_in_io',
];

export function diskStats(text: Text): Record<string, Numbers> {
  return Object.fromEntries(columns(text).map((row) => [row[2], withNames(diskFields, row)]));
}

export function virtualMemoryStats(text: Text): Numbers {
  return Object.fromEntries(columns(text).map(([name, value]) => [name, number(value)]));
}

/** A line of names, then a line of values that begins alike. */
export function protocolStats(text: Text): Record<string, Numbers> {
  const stats: Record<string, Numbers> = {};
  let names: readonly string[] = [];
  for (const row of columns(text)) {
    if (row[0] === names[0]) stats[(row[0] as string).replace(/:$/, '')] = withNames(names.slice(1), row.slice(1));
    names = row;
  }
  return stats;
}

const interfaceFields = [
  ...['rx_bytes', 'rx_packets', 'rx_errs', 'rx_drop', 'rx_fifo', 'rx_frame', 'rx_compressed', 'rx_multicast'],
  ...['tx_bytes', 'tx_packets', 'tx_errs', 'tx_drop', 'tx_fifo', 'tx_colls', 'tx_carrier', 'tx_compressed'],
];

export function interfaceStats(text: Text): Record<string, Numbers> {
  const stats: Record<string, Numbers> = {};
  for (const line of (text ?? '').split('\n')) {
    const [, name, values = ''] = /^\s*([^\s:|]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) stats[name] = { iface: name, ...withNames(interfaceFields, values.trim().split(/\s+/)) };
  }
  return stats;
}

function withNames(names: readonly string[], values: readonly string[]): Numbers {
  return Object.fromEntries(names.map((name, index) => [name, number(values[index])]));
}

/** How many bits are set in the mask of /proc/self/status. */
export function allowedProcessors(text: Text): number {
  const mask = /^Cpus_allowed:\s*(\S+)/m.exec(text ?? '')?.[1] ?? '';
  const hex = mask.replaceAll(',', '');
  return hex === '' ? 0 : BigInt(`0x${hex}`).toString(2).replaceAll('0', '').length;
}
