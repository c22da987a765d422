import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'The Python of the machine: by its version formulas choose packages.',
  async collect({ link }) {
    const target = await link('/usr/bin/python3');
    const [, major, minor] = /python(\d+)\.(\d+)$/.exec(target ?? '') ?? [];
    if (major === undefined || minor === undefined) return {};
    return { pythonexecutable: '/usr/bin/python3', pythonversion: [Number(major), Number(minor)] };
  },
});
