import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../../shared/errors.ts';
import { defineGrains } from '../grains.ts';

export default defineGrains({
  summary: 'The Python of the machine: by its version formulas choose packages.',
  async collect({ root }) {
    const target = await readLink(join(root, 'usr/bin/python3'));
    const [, major, minor] = /python(\d+)\.(\d+)$/.exec(target ?? '') ?? [];
    if (major === undefined || minor === undefined) return {};
    return { pythonexecutable: '/usr/bin/python3', pythonversion: [Number(major), Number(minor)] };
  },
});

async function readLink(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
