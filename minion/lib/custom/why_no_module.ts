const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Why a value is no execution module, or undefined when it is one: what our own modules are tested for. */
export function whyNoModule(value: unknown): string | undefined {
  if (!isMapping(value)) return 'its default export is no module';
  const { summary, functions, unavailable } = value;
  if (!isText(summary)) return 'it has no summary';
  if (unavailable !== undefined && typeof unavailable !== 'function') return 'unavailable is no function';
  if (!isMapping(functions)) return 'it has no functions';
  for (const [name, fun] of Object.entries(functions)) {
    const reason = NAME.test(name) ? whyNoFunction(fun) : 'this cannot be the name of a function';
    if (reason !== undefined) return `${name}: ${reason}`;
  }
  return undefined;
}

/** Why a value is no file of grains, or undefined when it is one. */
export function whyNoGrains(value: unknown): string | undefined {
  if (!isMapping(value)) return 'its default export is not what defineGrains gives';
  if (!isText(value.summary)) return 'it has no summary';
  if (value.collectOnce !== undefined) return 'collectOnce is for grains that come with Brine: use collect';
  return typeof value.collect === 'function' ? undefined : 'it has no function collect';
}

function whyNoFunction(fun: unknown): string | undefined {
  if (!isMapping(fun)) return 'it is no function';
  const { summary, args, examples, run } = fun;
  if (!isText(summary)) return 'it has no summary';
  if (typeof run !== 'function') return 'it has no function run';
  if (!Array.isArray(examples) || !examples.every(isText)) return 'its examples are no list of texts';
  if (!isMapping(args)) return 'its args are no mapping';
  const bad = Object.entries(args).find(([, schema]) => !isMapping(schema) || schema.kind !== 'schema');
  return bad === undefined ? undefined : `its argument ${bad[0]} is no schema`;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
