import { HIDDEN, hideValue, isSecretName, redact } from '../log.ts';
import { type ArgumentSecrets, secretArguments } from './secret_arguments.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** A keyword argument as it is typed, in the place of a positional one. */
const TYPED_KEYWORD = /^([A-Za-z_]\w*)=./s;

/**
 * What an operator typed in may hold passwords: the same job, event or return with every argument hidden that is a secret
 * by its name. The one place that decides so. Positions have names only where a definition of ours says them.
 */
export function hideArguments<T extends Mapping>(data: T): T {
  const hidden: Record<string, unknown> = { ...data };
  for (const member of ['arg', 'fun_args']) {
    if (Array.isArray(hidden[member])) hidden[member] = hidePositional(data.fun, hidden[member]);
    else if (member in hidden) hidden[member] = redact(hidden[member]);
  }
  if ('kwarg' in hidden) hidden.kwarg = hideKeywords(data.fun, hidden.kwarg);
  return hidden as T;
}

/** Positional arguments of a function, as others may see them. */
export function hidePositional(fun: unknown, args: readonly unknown[]): unknown[] {
  const { positions = [] } = secretsOf(fun);
  return args.map((value, index) => {
    if (isKeywords(value)) return hideKeywords(fun, value);
    if (positions.includes(index)) return hideValue(value);
    if (typeof value !== 'string') return redact(value);
    const name = TYPED_KEYWORD.exec(value)?.[1];
    return name !== undefined && isSecret(fun, name) ? `${name}=${HIDDEN}` : value;
  });
}

/** Keyword arguments of a function, as others may see them. */
export function hideKeywords(fun: unknown, kwargs: unknown): unknown {
  if (kwargs === null || typeof kwargs !== 'object' || Array.isArray(kwargs)) return redact(kwargs);
  const hidden = redact(kwargs) as Mapping;
  const isPlainKey = 'key' in kwargs && secretsOf(fun).plainKey === true;
  return isPlainKey ? { ...hidden, key: redact(kwargs.key) } : hidden;
}

function isSecret(fun: unknown, name: string): boolean {
  return isSecretName(name) && !(name === 'key' && secretsOf(fun).plainKey === true);
}

function secretsOf(fun: unknown): ArgumentSecrets {
  return typeof fun === 'string' && Object.hasOwn(secretArguments, fun)
    ? (secretArguments[fun] as ArgumentSecrets)
    : {};
}

/** Salt's mark of the keyword arguments among the positional ones. */
function isKeywords(value: unknown): boolean {
  return value !== null && typeof value === 'object' && '__kwarg__' in value;
}
