import { boolYaml11Tag, defineScalarTag, floatYaml11Tag, intYaml11Tag, NOT_RESOLVED, YAML11_SCHEMA } from 'js-yaml';

/**
 * YAML 1.1 as Salt's loader reads it: PyYAML's booleans, integers and floats, `0644` is the number 644 (so that a file
 * mode is what was typed), and dates stay text.
 */

const bool = defineScalarTag('tag:yaml.org,2002:bool', {
  ...boolYaml11Tag,
  resolve: (source) => {
    if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true;
    return /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source) ? false : NOT_RESOLVED;
  },
});

const int = defineScalarTag<number | string>('tag:yaml.org,2002:int', {
  ...intYaml11Tag,
  resolve: (source) => readInt(source) ?? NOT_RESOLVED,
});

const float = defineScalarTag('tag:yaml.org,2002:float', {
  ...floatYaml11Tag,
  resolve: (source) => readFloat(source) ?? NOT_RESOLVED,
});

const timestamp = defineScalarTag('tag:yaml.org,2002:timestamp', {
  implicit: false,
  resolve: (source) => source,
  identify: () => false,
});

export const saltSchema = YAML11_SCHEMA.withTags(bool, int, float, timestamp);

/** The number, or the text itself when a double cannot hold it exactly (a jid has 20 digits); undefined: no integer. */
function readInt(source: string): number | string | undefined {
  const match = /^([-+]?)(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/.exec(source);
  if (match === null) return undefined;
  const digits = (match[2] as string).replaceAll('_', '');
  const size = intSize(digits, match[1] !== '');
  if (size === undefined) return undefined;
  if (size > Number.MAX_SAFE_INTEGER) return source;
  return match[1] === '-' && size !== 0 ? -size : size;
}

function intSize(digits: string, signed: boolean): number | undefined {
  if (/^0[bx]/.test(digits)) return digits.length > 2 ? Number(digits) : undefined;
  if (digits.includes(':')) return sexagesimal(digits);
  // Salt strips the zeros only where they come first; after a sign PyYAML's octal remains.
  return signed && digits.startsWith('0') ? Number.parseInt(digits, 8) : Number(digits);
}

function readFloat(source: string): number | undefined {
  const text = source.toLowerCase();
  const sign = text.startsWith('-') ? -1 : 1;
  if (/^[-+]?\.inf$/.test(text)) return sign * Number.POSITIVE_INFINITY;
  if (text === '.nan') return Number.NaN;
  const size = text.replaceAll('_', '').replace(/^[-+]/, '');
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/.test(text)) return sign * sexagesimal(size);
  return /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:e[-+][0-9]+)?$/.test(text) ? sign * Number(size) : undefined;
}

function sexagesimal(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
