/** One record of a utmp file (utmp(5)), in the words of Salt's beacons. */
export interface LoginRecord {
  readonly type: number;
  readonly PID: number;
  /** The terminal. */
  readonly line: string;
  readonly inittab: string;
  readonly user: string;
  readonly hostname: string;
  readonly exit_status: number;
  readonly session: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Of the host it came from; empty for a local login. */
  readonly addr: string;
}

/** On aarch64 the C library has wide fields for session and time, everywhere else narrow ones. */
export function recordBytes(cpuarch: unknown): number {
  return cpuarch === 'aarch64' ? 400 : 384;
}

/** The record that the bytes are, in the byte order of this machine. */
export function parseLoginRecord(bytes: Buffer): LoginRecord {
  const isWide = bytes.length === 400;
  const at = isWide ? { session: 336, time: 344, addr: 360 } : { session: 336, time: 340, addr: 348 };
  return {
    type: bytes.readInt16LE(0),
    PID: bytes.readInt32LE(4),
    line: text(bytes, 8, 32),
    inittab: text(bytes, 40, 4),
    user: text(bytes, 44, 32),
    hostname: text(bytes, 76, 256),
    exit_status: bytes.readInt16LE(332),
    session: bytes.readInt32LE(at.session),
    time: bytes.readUInt32LE(at.time),
    addr: address(bytes.subarray(at.addr, at.addr + 16)),
  };
}

function text(bytes: Buffer, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString();
}

/** IPv4 in the first word alone, IPv6 in all four. */
function address(bytes: Buffer): string {
  if (bytes.every((byte) => byte === 0)) return '';
  if (bytes.subarray(4).every((byte) => byte === 0)) return bytes.subarray(0, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(':');
}
