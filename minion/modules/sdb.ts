import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { Count, Flag, Text, Value } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { commandFailed } from '../lib/exec.ts';
import { findPlace, type SdbPlace } from '../lib/sdb/find_value.ts';

const CHARS = 'abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)';

export default defineModule({
  summary: 'Get at values of other places by sdb://profile/key, such as environment variables and files of YAML.',
  functions: {
    get: fn({
      summary: 'Return a value, None when there is none.',
      description:
        'Profiles stand in the configuration of the minion. What is no such URI is returned as it is, and an error with strict=True.',
      args: { uri: Text, strict: v.optional(Flag, false) },
      examples: ["salt '*' sdb.get sdb://mymemcached/foo strict=True"],
      reads: true,
      secret: true,
      async run(context, { uri, strict }) {
        const place = findPlace(context, uri);
        if (!('reason' in place)) return valueAt(context, place);
        if (strict) throw commandFailed(place.reason);
        return uri;
      },
    }),
    set: fn({
      summary: 'Set a value.',
      args: { uri: Text, value: Value },
      returns: 'what the driver says, ``False`` for what is no URI of a profile.',
      examples: ["salt '*' sdb.set sdb://osenv/FOO bar"],
      secret: true,
      async run(context, { uri, value }) {
        const place = findPlace(context, uri);
        return 'reason' in place ? false : setAt(context, place, value);
      },
    }),
    delete: fn({
      summary: 'Delete a value.',
      args: { uri: Text },
      returns: 'what the driver says, ``False`` for what is no URI of a profile.',
      examples: ["salt '*' sdb.delete sdb://osenv/FOO"],
      async run(context, { uri }) {
        const place = findPlace(context, uri);
        if ('reason' in place) return false;
        if (place.driver.delete === undefined) throw readOnly(place);
        return place.driver.delete(context, place.key);
      },
    }),
    get_or_set_hash: fn({
      summary: 'Return a value; where there is none, make one by lot and set it.',
      args: {
        uri: Text,
        length: v.optional(v.pipe(Count, v.minValue(1), v.maxValue(4096, 'must be 4096 at most')), 8),
        chars: v.optional(v.pipe(Text, v.minLength(1, 'must not be empty')), CHARS),
      },
      examples: ["salt '*' sdb.get_or_set_hash sdb://osenv/SECRET_KEY 50"],
      secret: true,
      async run(context, { uri, length, chars }) {
        const place = findPlace(context, uri);
        if ('reason' in place) return uri;
        const found = await valueAt(context, place);
        if (found !== null) return found;
        const drawn = Array.from({ length }, () => chars.charAt(randomInt(chars.length))).join('');
        await setAt(context, place, drawn);
        return drawn;
      },
    }),
  },
});

async function valueAt(context: MinionContext, { driver, key, profile }: SdbPlace): Promise<unknown> {
  return (await driver.get(context, key, profile)) ?? null;
}

function setAt(context: MinionContext, place: SdbPlace, value: unknown): unknown {
  if (place.driver.set === undefined) throw readOnly(place);
  return place.driver.set(context, place.key, value);
}

function readOnly({ name, profile }: SdbPlace) {
  return commandFailed(`the driver ${profile.driver} of sdb profile ${name} cannot change values`, 'change its files');
}
