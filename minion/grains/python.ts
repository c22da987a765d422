import { defineGrains } from '../grains.ts';

/** That of the distribution goes before one that somebody built. */
const PYTHONS = ['/usr/bin/python3', '/usr/local/bin/python3'] as const;
/** The program of Python writes one JSON object and reads nothing of the environment or of the current directory. */
const QUESTION = [
  'import json, sys',
  'print(json.dumps({"pythonexecutable": sys.executable, "pythonpath": sys.path, "pythonversion": list(sys.version_info)}))',
].join('\n');
const ANSWER_MS = 10_000;

export default defineGrains({
  summary: 'The Python of the machine: by its version formulas choose packages.',
  collect: () => ({}),
  async collectOnce({ exec, exists }) {
    const python = PYTHONS.find(exists);
    if (python === undefined) return {};
    const { retcode, stdout } = await exec([python, '-I', '-c', QUESTION], { timeoutMs: ANSWER_MS });
    return retcode === 0 ? (JSON.parse(stdout) as Readonly<Record<string, unknown>>) : {};
  },
});
