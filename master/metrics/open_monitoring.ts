import type { Broker } from '../../broker/broker.ts';
import { VERSION } from '../../shared/version.ts';
import type { MasterDeps, Parts } from '../parts.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Observations } from './observations.ts';
import type { MetricsServer } from './serve_metrics.ts';

export interface MonitoringOptions
  extends Pick<MasterDeps, 'config' | 'clock' | 'log'>,
    Pick<Parts, 'tracker' | 'fleet' | 'eventLog'> {
  readonly reactor: Reactor;
  readonly broker: Pick<Broker, 'counters'>;
  readonly observations: Observations;
  readonly store: { readonly failure: () => string | undefined };
}

/** Opens `/metrics` and `/healthz` when a port is configured. Throws ADDRESS_IN_USE and CONFIG_INVALID. */
export async function openMonitoring(options: MonitoringOptions): Promise<MetricsServer | undefined> {
  const { config, broker, store, clock, log } = options;
  if (config.metrics_port === null) return undefined;
  // Loaded when it is wanted: most masters on a laptop are watched by nobody.
  const [{ createMetrics }, { serveMetrics }] = await Promise.all([
    import('./metrics.ts'),
    import('./serve_metrics.ts'),
  ]);
  const metrics = createMetrics({ ...options, counters: () => broker.counters() });
  const upSinceMs = clock.monotonicMs();
  const server = await serveMetrics({
    host: config.metrics_interface,
    port: config.metrics_port,
    metrics,
    health() {
      const failure = store.failure();
      return {
        problems: failure === undefined ? [] : [`the store: ${failure}`],
        version: VERSION,
        up_seconds: Math.floor((clock.monotonicMs() - upSinceMs) / 1000),
      };
    },
    log,
  });
  log.info('metrics are served', { listening: server.address });
  return {
    address: server.address,
    async close() {
      await server.close();
      metrics.stop();
    },
  };
}
