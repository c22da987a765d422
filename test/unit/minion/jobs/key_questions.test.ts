import { expect, test } from 'vitest';
import { createKeyQuestions } from '../../../../minion/jobs/key_questions.ts';

function setUp() {
  const asked: string[] = [];
  let kid = '';
  const question = createKeyQuestions(async () => void asked.push(kid));
  return {
    asked,
    async ask(of: string): Promise<boolean> {
      kid = of;
      const answer = question(of);
      await answer;
      return answer !== undefined;
    },
  };
}

test('the master is asked once for each key', async () => {
  const { ask, asked } = setUp();
  expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([true, true, false]);
  expect(asked).toEqual(['a', 'b']);
});

test('whoever asks while the answer is on its way waits for it', async () => {
  let count = 0;
  const question = createKeyQuestions(async () => void count++);
  await Promise.all([question('a'), question('b')]);
  expect(count).toBe(1);
});

test('of many keys that there are not, the oldest are forgotten', async () => {
  const { ask } = setUp();
  for (let n = 0; n < 65; n++) await ask(`k${n}`);
  expect([await ask('k64'), await ask('k0')]).toEqual([false, true]);
});
