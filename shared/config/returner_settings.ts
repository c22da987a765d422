import { bytes, count, type Format, map, mapOf, seconds, textList } from './format.ts';
import { ownKey, type SettingGroups, saltKey } from './setting.ts';

/** Salt takes one name, several with commas, or a list. */
const names: Format<readonly string[]> = {
  ...textList,
  expects: 'a name or a list of names',
  read: (value) => textList.read(typeof value === 'string' ? textList.fromText(value) : value),
};

/** Settings of returners that the master and the minion have alike. */
const shared = {
  returners: ownKey(
    mapOf(map),
    {},
    'Settings of returners by name, such as `postgres: {host: db1}`. Those under `alternative.postgres` are laid over them where a job says `--return_config alternative`.',
  ),
  disable_returners: saltKey(textList, [], 'Names of returners that must not be used.'),
  return_keep_for: ownKey(
    seconds(60),
    7 * 86400,
    'How long a return that a returner does not take is offered again before it is dropped.',
  ),
  max_returner_queue_bytes: ownKey(
    bytes(65536),
    256 * 1024 ** 2,
    'Bytes on disk that may wait for returners; beyond it the oldest of the longest queue are dropped.',
  ),
} satisfies SettingGroups[string];

export const minionReturnerSettings = {
  schedule_returner: saltKey(names, [], 'Returners that store the return of every job of the schedule.'),
  return: saltKey(names, [], 'Returners that store the return of every job, besides those that a job names.'),
  ...shared,
} satisfies SettingGroups[string];

export const masterReturnerSettings = {
  ext_job_cache: saltKey(
    names,
    [],
    "Returners that store every job and every return, besides the master's own job cache.",
  ),
  event_return: saltKey(names, [], "Returners that store the events of the master's bus."),
  event_return_queue: saltKey(count(0), 0, 'Events that are collected before they are stored together.'),
  event_return_queue_max_seconds: saltKey(
    seconds(0),
    0,
    'Longest time that events are collected for; 0: until there are enough.',
  ),
  event_return_whitelist: saltKey(textList, [], 'Globs of the tags that are stored; empty for all.'),
  event_return_blacklist: saltKey(textList, [], 'Globs of tags that are not stored.'),
  ...shared,
} satisfies SettingGroups[string];
