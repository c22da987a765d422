import * as v from 'valibot';
import { randomSalt, shaCrypt } from '../../shared/crypto/sha_crypt.ts';
import { AbsolutePath, Flag, Integer, Text } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { editEntry } from '../lib/account/account_files.ts';
import { accountsRoot } from '../lib/account/provider.ts';
import { readShadow } from '../lib/account/shadow_file.ts';
import { commandFailed } from '../lib/exec.ts';
import { fileRoot } from '../lib/file_root.ts';
import { runProgram } from '../lib/run_program.ts';

const root = v.optional(AbsolutePath);
const DAY_MS = 86_400_000;
/** The places of the fields of a line of /etc/shadow. */
const fieldAt = { passwd: 1, lstchg: 2, min: 3, max: 4, warn: 5, inact: 6, expire: 7 } as const;
const none = { name: '', passwd: '', lstchg: '', min: '', max: '', warn: '', inact: '', expire: '' };
/** A date, a number of days since 1970, or -1 for none. */
const Day = v.pipe(
  Text,
  v.regex(/^(-1|\d+|\d{4}-\d{2}-\d{2})$/, 'must be a date such as 2030-01-31, a number of days, or -1'),
  v.transform((text) => (text.includes('-', 1) ? Date.parse(text) / DAY_MS : Number(text))),
  v.integer('must be a day that there is'),
);

export default defineModule({
  summary: 'See and change passwords and how long they are good.',
  unavailable: (context) =>
    fileRoot(context.root).exists('/etc/shadow') ? undefined : 'there is no /etc/shadow on this system',
  functions: {
    default_hash: fn({
      summary: 'Return the hash of an account that nobody can log in to by a password.',
      args: {},
      examples: ["salt '*' shadow.default_hash"],
      reads: true,
      run: () => '!',
    }),
    info: fn({
      summary: 'Return what the shadow file says of a user, empty texts when there is none of that name.',
      description: 'The numbers are days, those that are not set are -1.',
      args: { name: Text, root },
      examples: ["salt '*' shadow.info root"],
      reads: true,
      async run(context, { name, root: where }) {
        return (await readShadow(accountsRoot(context, where))).find((entry) => entry.name === name) ?? none;
      },
    }),
    list_users: fn({
      summary: 'Return the names of the users in the shadow file.',
      args: { root },
      examples: ["salt '*' shadow.list_users"],
      reads: true,
      run: async (context, { root: where }) =>
        (await readShadow(accountsRoot(context, where))).map(({ name }) => name).sort(),
    }),
    gen_password: fn({
      summary: 'Return the hash of a password.',
      args: {
        password: Text,
        crypt_salt: v.optional(Text),
        algorithm: v.optional(v.picklist(['sha512', 'sha256'], 'must be sha512 or sha256'), 'sha512'),
      },
      examples: [
        "salt '*' shadow.gen_password 'I_am_password'",
        "salt '*' shadow.gen_password 'I_am_password' crypt_salt='I_am_salt' algorithm=sha256",
      ],
      reads: true,
      run: (_context, { password, crypt_salt: salt = randomSalt(), algorithm }) => shaCrypt(password, salt, algorithm),
    }),
    set_password: fn({
      summary: 'Set the hash of the password of a user.',
      description: '``password`` is a hash such as shadow.gen_password makes, never the password itself.',
      args: { name: Text, password: Text, use_usermod: v.optional(Flag, false), root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_password anna '$6$NaCl$h'"],
      async run(context, { name, password, use_usermod: byUsermod, root: where }) {
        if (!byUsermod) {
          const today = String(Math.floor(context.clock.nowMs() / DAY_MS));
          await edit(context, where, name, { passwd: password, lstchg: today });
          return true;
        }
        const inRoot = where === undefined ? [] : ['-R', where];
        await runProgram(
          context,
          ['usermod', ...inRoot, '-p', password, '--', name],
          `cannot set the password of ${name}`,
        );
        return true;
      },
    }),
    del_password: fn({
      summary: 'Delete the password of a user, who then needs none.',
      args: { name: Text, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.del_password anna"],
      run: (context, { name, root: where }) => edit(context, where, name, { passwd: '' }),
    }),
    lock_password: fn({
      summary: 'Make the password of a user useless until it is unlocked.',
      args: { name: Text, root },
      returns: '``True``, also when it is locked already.',
      examples: ["salt '*' shadow.lock_password anna"],
      async run(context, { name, root: where }) {
        const { passwd } = await requireEntry(context, where, name);
        return passwd.startsWith('!') || edit(context, where, name, { passwd: `!${passwd}` });
      },
    }),
    unlock_password: fn({
      summary: 'Let a password that was locked be used again.',
      args: { name: Text, root },
      returns: '``True``, also when it is not locked.',
      examples: ["salt '*' shadow.unlock_password anna"],
      async run(context, { name, root: where }) {
        const { passwd } = await requireEntry(context, where, name);
        if (!passwd.startsWith('!')) return true;
        const hash = passwd.replace(/^!+/, '');
        if (hash === '') throw commandFailed(`unlocked, ${name} would need no password`);
        return edit(context, where, name, { passwd: hash });
      },
    }),
    set_inactdays: fn({
      summary: 'Set for how many days after its end a password can still be changed.',
      args: { name: Text, inactdays: Integer, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_inactdays anna 7"],
      run: (context, { name, inactdays, root: where }) => edit(context, where, name, { inact: days(inactdays) }),
    }),
    set_maxdays: fn({
      summary: 'Set for how many days a password is good.',
      args: { name: Text, maxdays: Integer, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_maxdays anna 90"],
      run: (context, { name, maxdays, root: where }) => edit(context, where, name, { max: days(maxdays) }),
    }),
    set_mindays: fn({
      summary: 'Set after how many days a password can be changed again.',
      args: { name: Text, mindays: Integer, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_mindays anna 7"],
      run: (context, { name, mindays, root: where }) => edit(context, where, name, { min: days(mindays) }),
    }),
    set_warndays: fn({
      summary: 'Set for how many days before its end a user is warned.',
      args: { name: Text, warndays: Integer, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_warndays anna 7"],
      run: (context, { name, warndays, root: where }) => edit(context, where, name, { warn: days(warndays) }),
    }),
    set_date: fn({
      summary: 'Set when the password was last changed.',
      args: { name: Text, date: Day, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_date anna 0"],
      run: (context, { name, date, root: where }) => edit(context, where, name, { lstchg: days(date) }),
    }),
    set_expire: fn({
      summary: 'Set the day on which the account ends.',
      args: { name: Text, expire: Day, root },
      returns: '``True``.',
      examples: ["salt '*' shadow.set_expire anna -1", "salt '*' shadow.set_expire anna 2030-01-31"],
      run: (context, { name, expire, root: where }) => edit(context, where, name, { expire: days(expire) }),
    }),
  },
});

function days(number: number): string {
  return number < 0 ? '' : String(number);
}

async function requireEntry(context: MinionContext, where: string | undefined, name: string) {
  const entry = (await readShadow(accountsRoot(context, where))).find((one) => one.name === name);
  if (entry === undefined) throw commandFailed(`there is no entry of ${name} in /etc/shadow`);
  return entry;
}

async function edit(
  context: MinionContext,
  where: string | undefined,
  name: string,
  fields: Readonly<Partial<Record<keyof typeof fieldAt, string>>>,
): Promise<true> {
  const file = { root: accountsRoot(context, where), file: 'etc/shadow', context };
  await editEntry(file, name, (old) => {
    const changed = [...old];
    for (const [field, value] of Object.entries(fields)) changed[fieldAt[field as keyof typeof fieldAt]] = value;
    return changed;
  });
  return true;
}
