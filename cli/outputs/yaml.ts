import { yamlDump } from '../../shared/yaml_dump.ts';
import { defineOutput } from '../output.ts';

export default defineOutput({
  summary: 'YAML, in blocks; a negative indentation writes it in one line.',
  format(data, { indent }) {
    if (typeof indent !== 'number') return yamlDump(data);
    return indent < 0 ? yamlDump(data, { flow: true }) : yamlDump(data, { indent });
  },
});
