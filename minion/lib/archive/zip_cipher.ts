import { Transform } from 'node:stream';
import { commandFailed } from '../exec.ts';

/** The old cipher of zip files: weak, and what `zip --encrypt` still writes. */
const HEADER_BYTES = 12;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

const crcStep = (crc: number, byte: number): number => (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);

/** Takes the cipher off. It fails when the header does not end in `check`: then the password is another. */
export function createZipDecipher(password: string, check: number): Transform {
  let first = 0x12345678;
  let second = 0x23456789;
  let third = 0x34567890;
  const update = (byte: number): void => {
    first = crcStep(first, byte);
    second = (Math.imul(second + (first & 0xff), 134775813) + 1) | 0;
    third = crcStep(third, (second >>> 24) & 0xff);
  };
  const decipher = (chunk: Buffer): Buffer => {
    const plain = Buffer.alloc(chunk.length);
    for (const [index, byte] of chunk.entries()) {
      const word = (third | 2) & 0xffff;
      const value = byte ^ ((Math.imul(word, word ^ 1) >>> 8) & 0xff);
      plain[index] = value;
      update(value);
    }
    return plain;
  };
  for (const byte of Buffer.from(password)) update(byte);
  let headerLeft = HEADER_BYTES;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const plain = decipher(chunk);
      const skipped = Math.min(headerLeft, plain.length);
      headerLeft -= skipped;
      const isHeaderOver = skipped > 0 && headerLeft === 0;
      if (isHeaderOver && plain[skipped - 1] !== check) done(commandFailed('the password is wrong'));
      else done(null, plain.subarray(skipped));
    },
  });
}
