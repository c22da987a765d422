/** Salt's colours as escape sequences; every one is empty when colour is off. */
export type Palette = Readonly<Record<Colour, string>>;

const codes = {
  darkGray: '0;1;30',
  red: '0;31',
  lightRed: '0;1;31',
  green: '0;32',
  lightGreen: '0;1;32',
  lightYellow: '0;1;33',
  blue: '0;34',
  lightBlue: '0;1;34',
  magenta: '0;35',
  lightMagenta: '0;1;35',
  cyan: '0;36',
  lightGray: '0;37',
  white: '0;1;37',
  /** Back to the terminal's own colours. */
  end: '0;0',
} as const;

export type Colour = keyof typeof codes;

/** Made once: each return is printed with one. */
const plain = makePalette(() => '');
const coloured = makePalette((code) => `\x1b[${code}m`);

export function paletteFor(colour: boolean): Palette {
  return colour ? coloured : plain;
}

function makePalette(sequence: (code: string) => string): Palette {
  return Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, sequence(code)])) as Palette;
}
