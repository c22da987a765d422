import * as v from 'valibot';
import { Flag, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { generateLocale } from '../lib/locale/generate_locale.ts';
import { normalLocale } from '../lib/locale/locale_name.ts';
import { setSystemLocale, systemLocale } from '../lib/locale/system_locale.ts';

const Locale = v.pipe(Text, v.regex(/^[a-z][\w.@+-]*( [\w.-]+)?$/i, 'must be a locale such as en_US.UTF-8'));

export default defineModule({
  summary: 'See, set and generate locales.',
  unavailable: ({ grains }) => (grains.all().kernel === 'Windows' ? 'Windows has locales of its own' : undefined),
  functions: {
    list_avail: fn({
      summary: 'Return the locales that are compiled.',
      args: {},
      examples: ["salt '*' locale.list_avail"],
      reads: true,
      run: (context) => compiledLocales(context),
    }),
    avail: fn({
      summary: 'Return whether a locale is compiled, however its character set is written.',
      args: { locale: Locale },
      examples: ["salt '*' locale.avail 'en_US.UTF-8'"],
      reads: true,
      run: async (context, { locale }) =>
        (await compiledLocales(context)).map(normalLocale).includes(normalLocale(locale)),
    }),
    get_locale: fn({
      summary: 'Return the locale of the system.',
      args: {},
      returns: 'an empty text when none is set.',
      examples: ["salt '*' locale.get_locale"],
      reads: true,
      run: (context) => systemLocale(context),
    }),
    set_locale: fn({
      summary: 'Set the locale of the system.',
      args: { locale: Locale },
      returns: '``True``.',
      examples: ["salt '*' locale.set_locale 'en_US.UTF-8'"],
      async run(context, { locale }) {
        await setSystemLocale(context, locale);
        return true;
      },
    }),
    gen_locale: fn({
      summary: 'Compile a locale from its sources.',
      args: { locale: Locale, verbose: v.optional(Flag, false) },
      description: 'On Debian and Gentoo the character set may follow, and it is that of the name when it does not.',
      returns:
        'whether it could be done; ``False`` also when there are no sources. With verbose=True all that the program said.',
      examples: ["salt '*' locale.gen_locale en_US.UTF-8", "salt '*' locale.gen_locale 'en_IE.UTF-8 UTF-8'"],
      async run(context, { locale, verbose }) {
        const result = await generateLocale(context, locale, verbose);
        if (result === undefined) return false;
        const { pid, retcode, stdout, stderr } = result;
        if (retcode !== 0) context.setRetcode(retcode);
        return verbose ? { pid, retcode, stdout, stderr } : retcode === 0;
      },
    }),
  },
});

async function compiledLocales({ exec }: MinionContext): Promise<string[]> {
  const { stdout } = await exec(['locale', '-a']);
  return stdout.split('\n').filter((line) => line !== '');
}
