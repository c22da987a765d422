import { load, YAMLException } from 'js-yaml';
import { saltSchema } from './salt_yaml.ts';

/** What a text is as YAML; one that is none, such as `*.txt` or `[a`, is meant as it stands. */
export function yamlOrText(text: string): unknown {
  try {
    return load(text, { schema: saltSchema });
  } catch (error) {
    if (error instanceof YAMLException) return text;
    throw error;
  }
}
