import type * as v from 'valibot';
import type { AnyBeacon } from '../../minion/beacon.ts';
import { BeaconCommon } from '../../minion/lib/beacon/beacon_settings.ts';
import { fromJs } from '../../shared/render/values/border.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { block, code, fromRst, page, table } from './markdown.ts';
import { describeSchema, shapesOf } from './schema_text.ts';

/** The page of one beacon: how it is configured and what its events have. */
export function beaconReference(name: string, spec: AnyBeacon): string {
  return page(
    `# ${name}`,
    fromRst(spec.summary),
    ...(spec.description === undefined ? [] : [fromRst(spec.description.trim())]),
    block('yaml', dumpYaml(fromJs({ beacons: { [name]: spec.example } }), { sortKeys: false })),
    ...configTable(spec),
    `## Events`,
    `${code(`salt/beacon/<id>/${name}/…`)} with the minion's ${code('id')} and`,
    table(
      ['member', 'what it is'],
      Object.entries(spec.data).map(([member, meaning]) => [code(member), meaning]),
    ),
  );
}

/** The keys that all beacons have in common. */
export function commonBeaconKeys(): string {
  return page(
    '# Beacons',
    'Keys of every beacon, beside its own; how they work together: [beacons](../../guide/beacons.md).',
    keyTable(BeaconCommon),
  );
}

function configTable(spec: AnyBeacon): string[] {
  const [shape] = shapesOf(spec.config);
  if (shape === undefined) return [`Keys are names, and their values are ${describeSchema(spec.config)}.`];
  return shape.fields.length === 0 ? [] : [keyTable(spec.config)];
}

function keyTable(schema: v.GenericSchema): string {
  const fields = shapesOf(schema).flatMap((shape) => shape.fields);
  return table(
    ['key', 'value', 'needed', ''],
    fields.map(({ name, text, isRequired, meaning }) => [code(name), text, isRequired ? 'yes' : '', meaning]),
  );
}
