import { expect, test } from 'vitest';
import { parseCommand } from '../../../cli/command_line.ts';
import { emulateCommand, readEmulateOptions } from '../../../cli/emulate_options.ts';
import { goodBehaviour } from '../../../minion/emulator/behaviour.ts';

function read(...argv: string[]) {
  const command = emulateCommand();
  parseCommand(command, argv);
  return readEmulateOptions(command);
}

test('a hundred good minions are the default', () => {
  const { ids, behaviour, storm, events, durable } = read();
  expect(ids).toHaveLength(100);
  expect([ids[0], ids.at(-1)]).toEqual(['emu1', 'emu100']);
  expect({ behaviour, storm, events, durable }).toEqual({
    behaviour: goodBehaviour,
    storm: undefined,
    events: 0,
    durable: false,
  });
});

test('a second process goes on where the first one ends', () => {
  expect(read('-n', '2', '--first', '101', '--prefix', 'web-').ids).toEqual(['web-101', 'web-102']);
});

test('latency is one number or two, and shares are percents', () => {
  const { behaviour, storm } = read(
    ...['--latency', '20-80', '--loss', '0.5%', '--silent', '10%', '--slow', '90%', '--slow-by', '1m'],
    ...['--storm', '30s', '--storm-share', '50%'],
  );
  expect(behaviour).toEqual({
    ...goodBehaviour,
    latencyMs: { from: 20, to: 80 },
    loss: 0.005,
    silent: 0.1,
    slow: 0.9,
    slowMs: 60_000,
  });
  expect(storm).toEqual({ everySeconds: 30, share: 0.5 });
  expect(read('--latency', '7').behaviour.latencyMs).toEqual({ from: 7, to: 7 });
});

test('minions come and go at a rate, of so many a second', () => {
  expect(read().churn).toBeUndefined();
  expect(read('--churn', '0.5').churn).toEqual({ perSecond: 0.5, awaySeconds: 10 });
  expect(read('--churn', '20', '--churn-away', '1m').churn).toEqual({ perSecond: 20, awaySeconds: 60 });
});

test('signatures are checked unless that is switched off', () => {
  expect([read().verify, read('--no-verify').verify]).toEqual([true, false]);
});

test('constrained minions are small ones whose jobs are signed, unless that is said otherwise', () => {
  expect(read().constrained).toBeUndefined();
  expect(read('--constrained').constrained).toEqual({
    port: undefined,
    declaration: { max_packet: 256, functions: ['test.echo', 'test.count', 'test.sleep'], trust: 'hmac' },
    qos: 1,
  });
  const given = [
    '--port',
    '1883',
    '--max-packet',
    '128',
    '--functions',
    'led.set, sensor.read',
    '--trust',
    'connection',
  ];
  expect(read('--constrained', ...given, '--qos', '0').constrained).toMatchObject({
    port: 1883,
    declaration: {
      max_packet: 128,
      functions: expect.arrayContaining(['led.set', 'sensor.read']),
      trust: 'connection',
    },
    qos: 0,
  });
});

test.each([
  [['-n', '0'], '--minions 0 is too small'],
  [['--latency', '80-20'], '--latency 80-20 is not a number of milliseconds'],
  [['--loss', '5'], '--loss 5 is not a share'],
  [['--garbage', '101%'], '--garbage 101% is not a share'],
  [['--slow', '60%', '--silent', '50%'], 'more than 100% of the minions misbehave'],
  [['--prefix', 'a/b'], '--prefix a/b cannot begin the id of a minion'],
  [['--churn', '0'], '--churn 0 is not a number of minions a second'],
  [['--qos', '0'], '--qos is for constrained minions'],
  [['--max-packet', '256'], '--max-packet is for constrained minions'],
  [['--constrained', '--durable'], '--durable is not for constrained minions'],
  [['--constrained', '--qos', '2'], '--qos 2 is not one of 0, 1'],
  [['--constrained', '--trust', 'me'], '--trust me is not one of hmac, connection'],
  [['--constrained', '--max-packet', '64'], '--max-packet 64 is too small'],
  [['--storm', 'often'], '--storm often is not a duration'],
])('%j is refused', (argv, message) => {
  expect(() => read(...argv)).toThrow(message);
});
