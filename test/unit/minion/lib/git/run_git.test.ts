import { expect, test } from 'vitest';
import { runGit, withCredentials, withoutCredentials } from '../../../../../minion/lib/git/run_git.ts';
import git from '../../../../../minion/modules/git.ts';
import { FleetError } from '../../../../../shared/errors.ts';
import { fakeContext, fakeExec } from '../../../../support/fake_context.ts';
import { runFunction } from '../../../../support/run_function.ts';

test('a name and a password become part of the address', () => {
  expect(withCredentials('https://example.com/r.git', 'ann', 'p@ss/w')).toBe(
    'https://ann:p%40ss%2Fw@example.com/r.git',
  );
  expect(withCredentials('https://old:one@example.com/r.git', '$1', undefined)).toBe('https://%241@example.com/r.git');
  expect(withCredentials('git@example.com:r.git', undefined, undefined)).toBe('git@example.com:r.git');
});

test('credentials go over encrypted connections only', () => {
  expect(() => withCredentials('http://example.com', 'ann', 'x')).toThrow('an address that begins with https://');
  expect(() => withCredentials('https://example.com', undefined, 'x')).toThrow('https_pass: is of no use without');
});

test('credentials are taken out of what is told', async () => {
  expect(withoutCredentials("cannot reach 'https://ann:p@ss@example.com/a@b' and http://x@y/")).toBe(
    "cannot reach 'https://<redacted>@example.com/a@b' and http://<redacted>@y/",
  );
  const line = 'git clone -- https://ann:secret@example.com/r.git /r';
  const args = ['/r', 'https://example.com/r.git'];
  const login = { https_user: 'ann', https_pass: 'secret' };
  const failing = fakeExec({
    [line]: { retcode: 128, stderr: "fatal: 'https://ann:secret@example.com/r.git' is gone" },
  });
  const clone = (exec: ReturnType<typeof fakeExec>) =>
    runFunction(fakeContext({ exec }), git, 'git.clone', args, login);
  await expect(clone(failing)).rejects.toThrow("status 128: fatal: 'https://<redacted>@example.com/r.git' is gone");
  const cancelled = async () => {
    throw new FleetError('COMMAND_FAILED', `${line} was cancelled`, { hint: 'h' });
  };
  await expect(clone(cancelled)).rejects.toMatchObject({
    message: 'git clone -- https://<redacted>@example.com/r.git /r was cancelled',
    hint: 'h',
  });
});

test('addresses of remotes are redacted, unless they are wanted whole', async () => {
  const url = 'https://ann:secret@example.com/r.git';
  const exec = fakeExec({ 'git remote --verbose': `origin\t${url} (fetch)\norigin\t${url} (push)\n` });
  const remote = (fun: string, kwargs = {}) => runFunction(fakeContext({ exec }), git, `git.${fun}`, ['/r'], kwargs);
  const hidden = 'https://<redacted>@example.com/r.git';
  expect(await remote('remotes')).toEqual({ origin: { fetch: hidden, push: hidden } });
  expect(await remote('remote_get')).toEqual({ fetch: hidden, push: hidden });
  expect(await remote('remotes', { redact_auth: false })).toEqual({ origin: { fetch: url, push: url } });
});

test('the output is read by its encoding', async () => {
  const encodings: unknown[] = [];
  const exec = fakeExec({
    'git log': (_argv, { encoding }) => {
      encodings.push(encoding);
      return 'x\n';
    },
  });
  expect(await runGit({ exec }, '/r', ['log'], { output_encoding: 'latin1' })).toBe('x');
  expect(encodings).toEqual(['latin1']);
});
