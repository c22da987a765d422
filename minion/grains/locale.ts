import { defineGrains, type GrainSource } from '../grains.ts';

export default defineGrains({
  summary: 'Language, encoding and time zone.',
  collect(source) {
    const { env, platform } = source;
    const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C';
    const [language = '', encoding] = (locale.split('@', 1)[0] as string).split('.');
    // Python, which Salt asks, takes the C locale for this one.
    const isPlain = language === 'C' || language === 'POSIX';
    return {
      locale_info: {
        defaultlanguage: isPlain ? 'en_US' : language,
        defaultencoding: encoding ?? 'UTF-8',
        detectedencoding: 'utf-8',
        timezone: abbreviation(source) ?? platform.timezone,
      },
      timezone: platform.timezone,
    };
  },
});

/** `CET` or `CEST`: RFC 8536 ends the file with a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`. */
function abbreviation({ readText, platform }: GrainSource): string | undefined {
  const rule = (readText('/etc/localtime') ?? readText('/etc/TZ') ?? '').trimEnd().split('\n').at(-1) ?? '';
  const zone = /^(<[^>]+>|[A-Za-z]+)([-+]?\d+)(?::(\d+))?(<[^>]+>|[A-Za-z]+)?/.exec(rule);
  if (zone === null) return undefined;
  const [, standard = '', hours = '', minutes = '0', summer] = zone;
  // The rule counts westwards.
  const sign = hours.startsWith('-') ? 1 : -1;
  const offsetMinutes = sign * (Math.abs(Number(hours)) * 60 + Number(minutes));
  const isStandard = platform.utcOffsetMinutes === offsetMinutes;
  return (isStandard ? standard : (summer ?? standard)).replace(/[<>]/g, '');
}
