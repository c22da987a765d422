import { fromJs } from '../../shared/render/values/border.ts';
import { dumpYaml } from '../../shared/render/yaml/dump_yaml.ts';
import { defineOutput } from '../output.ts';

export default defineOutput({
  summary: 'YAML, in blocks; a negative indentation writes it in one line.',
  format(data, { indent }) {
    const value = fromJs(data);
    if (typeof indent !== 'number') return dumpYaml(value);
    return indent < 0 ? dumpYaml(value, { flow: true }) : dumpYaml(value, { indent });
  },
});
