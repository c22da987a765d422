import { expect, onTestFinished, test, vi } from 'vitest';
import { runDaemon } from '../../../cli/daemon.ts';
import { FleetError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import { until } from '../../support/until.ts';

const config = {
  log_file: null,
  log_level: 'info',
  log_level_logfile: 'info',
  log_format: 'text',
  pidfile: '',
} as const;

test('a daemon that cannot start ends, whatever it has open by then, after it said why', async () => {
  const steps: string[] = [];
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => steps.push('ended') as never);
  onTestFinished(() => exit.mockRestore());
  const reason = new FleetError('ADDRESS_IN_USE', 'the port is taken');
  const log = { ...silentLogger, reopen: () => undefined };
  await runDaemon(config, log, () => Promise.reject(reason)).catch((error: unknown) => steps.push(String(error)));
  await until('it has ended', () => steps.includes('ended'));
  expect(steps).toEqual([String(reason), 'ended']);
});
