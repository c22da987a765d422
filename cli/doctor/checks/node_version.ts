import { defineCheck, fail, ok } from '../check.ts';

/** As package.json says. */
const NEEDED = [20, 19] as const;

export default defineCheck<string>({
  summary: 'Whether Node is new enough.',
  stage: 'machine',
  gather: { any: async ({ nodeVersion }) => nodeVersion },
  judge(version) {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const isOld = major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
    if (!isOld) return [ok(`Node ${version}`)];
    return [
      fail(
        `Node ${version} is too old: ${NEEDED.join('.')} or newer is needed`,
        'apt-get install nodejs  # or take one from https://nodejs.org',
      ),
    ];
  },
});
