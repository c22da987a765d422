import { dump } from 'js-yaml';
import { type ConfigSchema, type Setting, type SettingGroups, settingsOf } from '../../shared/config/setting.ts';
import { code, page, table, wrap } from './markdown.ts';

type AnySchema = ConfigSchema<SettingGroups>;

const WIDTH = 100;

/** A value as one would write it in the file. */
function yamlValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return dump(value, { flowLevel: 0, quoteStyle: 'single', lineWidth: -1 }).trimEnd();
}

/** The commented file that is installed as `/etc/salt/master` or `/etc/salt/minion`. */
export function configFile(schema: AnySchema): string {
  const groups = Object.entries(schema.groups).map(([title, settings]) =>
    [`##### ${title} #####`, ...Object.entries(settings).map(([key, setting]) => configEntry(key, setting))].join(
      '\n\n',
    ),
  );
  return page(
    comment(
      `Configuration of salt-${schema.kind}: /etc/salt/${schema.kind}. Every key stands here with its default. ` +
        'To change one, take the # away before it. Unknown keys are errors.',
    ),
    ...groups,
  );
}

function configEntry(key: string, setting: Setting<unknown>): string {
  return [
    comment(setting.doc),
    comment(`${valueText(setting)}.${origin(setting)}`),
    `#${key}: ${yamlValue(setting.default)}`,
  ].join('\n');
}

function comment(text: string): string {
  return wrap(text, WIDTH - 2)
    .map((line) => `# ${line}`)
    .join('\n');
}

function valueText({ format }: Setting<unknown>): string {
  return format.expects.charAt(0).toUpperCase() + format.expects.slice(1);
}

const origin = ({ salt }: Setting<unknown>): string => (salt ? '' : ' Not a key of Salt.');

/** The reference page of one configuration file. */
export function configReference(schema: AnySchema): string {
  const { kind } = schema;
  const replaced = Object.entries(schema.replaced);
  return page(
    `# Configuration of the ${kind}`,
    `Later places win: defaults, \`/etc/salt/${kind}\`, \`/etc/salt/${kind}.d/*.conf\` in the order of their names, ` +
      'environment variables, flags. Mappings of several files are merged key by key. ' +
      'The variable of a key is `SALT_` and the key in capitals: `SALT_LOG_LEVEL=debug`; an empty one is not set.',
    'Every path has `root_dir` put before it, unless it lies there already. An unknown key or a wrong value is an error that names the file and the line.',
    ...Object.entries(schema.groups).flatMap(([title, settings]) => [
      `## ${title}`,
      table(
        ['key', 'default', 'value', 'meaning'],
        Object.entries(settings).map(([key, setting]) => [
          code(key),
          code(yamlValue(setting.default)),
          setting.format.expects,
          `${setting.doc}${origin(setting)}`,
        ]),
      ),
    ]),
    "## Keys of Salt's that are refused",
    table(
      ['key', 'because'],
      replaced.map(([key, instead]) => [code(key), instead]),
    ),
    `All ${Object.keys(settingsOf(schema)).length} keys, commented out with their defaults, are in \`config/${kind}.yaml\`.`,
  );
}
