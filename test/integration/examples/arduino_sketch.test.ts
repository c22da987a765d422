import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { testWith } from '../../support/installed.ts';
import { repositoryRoot } from '../../support/source_tree.ts';
import { makeTemporaryDir } from '../../support/temporary_dir.ts';

/** Where Debian has the core of Arduino. Libraries for Ethernet and MQTT it has not. */
const avr = '/usr/share/arduino/hardware/arduino/avr';
const core = join(avr, 'cores/arduino');
const sketch = join(repositoryRoot, 'examples/minions/arduino/brine_minion');
const standIns = join(repositoryRoot, 'test/fixtures/arduino');

const dir = makeTemporaryDir();
afterAll(dir.remove);

/** What a sketch without a serial port is linked with. */
const coreSources = ['main.cpp', 'hooks.c', 'wiring.c', 'wiring_analog.c', 'wiring_digital.c'];

function run(program: string, args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync(program, args, { encoding: 'utf8' });
  expect({ stderr, status, error }).toEqual({ stderr: '', status: 0, error: undefined });
  return stdout;
}

/** Compiles and links as the IDE does; the sizes are in bytes. */
function build(mcu: string, variant: string): { flash: number; ram: number } {
  const flags = [
    ...[`-mmcu=${mcu}`, '-DF_CPU=16000000L', '-DARDUINO=10819', '-DARDUINO_ARCH_AVR', `-I${core}`],
    ...[
      `-I${join(avr, 'variants', variant)}`,
      `-I${join(avr, 'libraries/EEPROM/src')}`,
      `-I${standIns}`,
      `-I${sketch}`,
    ],
    ...['-Os', '-flto', '-ffunction-sections', '-fdata-sections', '-fno-exceptions', '-fno-threadsafe-statics'],
  ];
  const [object, program] = [join(dir.path, `${mcu}.o`), join(dir.path, `${mcu}.elf`)];
  const source = ['-x', 'c++', '-include', 'Arduino.h', '-c', join(sketch, 'brine_minion.ino')];
  run('avr-g++', [...flags, '-std=gnu++11', '-Wall', '-Wextra', '-Werror', ...source, '-o', object]);
  const others = [object, join(standIns, 'libraries.cpp'), ...coreSources.map((name) => join(core, name))];
  run('avr-gcc', [...flags, '-std=gnu++11', '-w', '-Wl,--gc-sections', ...others, '-o', program]);
  const [, text, data, bss] = /(\d+)\s+(\d+)\s+(\d+)/.exec(run('avr-size', [program])) ?? [];
  return { flash: Number(text) + Number(data), ram: Number(data) + Number(bss) };
}

testWith(['avr-gcc', 'avr-g++', 'avr-size'])('the sketch for Arduino fits into what its page says', () => {
  for (const { flash, ram } of [build('atmega2560', 'mega'), build('atmega328p', 'standard')]) {
    expect(flash).toBeLessThan(9500);
    expect(ram).toBeLessThan(1450);
  }
});
