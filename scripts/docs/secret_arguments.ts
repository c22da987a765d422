import { isSecretName } from '../../shared/log.ts';
import type { ModuleSpec } from '../../shared/plugin/function.ts';

type Modules = readonly (readonly [string, ModuleSpec<never>])[];

/** The source of shared/plugin/secret_arguments.ts: what is known of arguments without the functions themselves. */
export function secretArgumentsSource(folders: Readonly<Record<string, Modules>>): string {
  const lines = Object.entries(folders).flatMap(([prefix, modules]) =>
    modules.flatMap(([module, { functions }]) =>
      Object.entries(functions).flatMap(([name, { args }]) => lineOf(`${prefix}${module}.${name}`, Object.keys(args))),
    ),
  );
  return `/** What a function's definition says of secrets in its arguments. */
export interface ArgumentSecrets {
  /** Positions of arguments whose names are those of secrets. */
  readonly positions?: readonly number[];
  /** Its argument \`key\` is the name of something. */
  readonly plainKey?: true;
}

/**
 * Written by \`npm run docs\` from the definitions of all functions, so that the master and the broker know them without
 * loading any.
 */
export const secretArguments: Readonly<Record<string, ArgumentSecrets>> = {
${lines.join('\n')}
};
`;
}

function lineOf(name: string, args: readonly string[]): string[] {
  const positions = args.flatMap((arg, index) => (arg !== 'key' && isSecretName(arg) ? [index] : []));
  const known = [
    ...(positions.length > 0 ? [`positions: [${positions.join(', ')}]`] : []),
    ...(args.includes('key') ? ['plainKey: true'] : []),
  ];
  return known.length === 0 ? [] : [`  '${name}': { ${known.join(', ')} },`];
}
