import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FleetError, systemErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { systemReason } from '../../shared/system_reason.ts';
import type { Metrics } from './metrics.ts';

export interface Health {
  /** What does not work; empty: all does. */
  readonly problems: readonly string[];
  readonly version: string;
  readonly up_seconds: number;
}

export interface MetricsServer {
  /** `127.0.0.1:9464`. */
  readonly address: string;
  close(): Promise<void>;
}

/** A request has no body and few headers; whoever sends more is no monitor. */
const HEADERS_MAX_BYTES = 4096;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 32;

/** `GET /metrics` for Prometheus, `GET /healthz` for whoever restarts what is ill. Throws ADDRESS_IN_USE, CONFIG_INVALID. */
export async function serveMetrics(options: {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly health: () => Health;
  readonly log: Logger;
}): Promise<MetricsServer> {
  const { host, port, metrics, health, log } = options;
  const server = createServer({ maxHeaderSize: HEADERS_MAX_BYTES }, (request, response) => {
    answer(request, response, metrics, health).catch((error: unknown) => {
      log.error('metrics could not be gathered', { error: String(error) });
      send(response, 500, 'text/plain', 'metrics could not be gathered; see the log\n');
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  const { address, port: chosen } = server.address() as AddressInfo;
  return {
    address: `${address}:${chosen}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  metrics: Metrics,
  health: () => Health,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'only GET\n');
  const [path] = url.split('?');
  if (path === '/metrics') return send(response, 200, metrics.contentType, await metrics.text());
  if (path !== '/healthz') return send(response, 404, 'text/plain', 'there are /metrics and /healthz\n');
  const { problems, ...rest } = health();
  const status = problems.length === 0 ? 'ok' : 'failing';
  send(response, status === 'ok' ? 200 : 503, 'application/json', `${JSON.stringify({ status, problems, ...rest })}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function cannotListen(host: string, port: number, cause: unknown): FleetError {
  const where = `metrics_interface ${host}, metrics_port ${port}`;
  if (systemErrorCode(cause) === 'EADDRINUSE') {
    return new FleetError('ADDRESS_IN_USE', `${where}: another process listens there`, {
      hint: 'set another metrics_port, or null for none',
      cause,
    });
  }
  return new FleetError('CONFIG_INVALID', `${where}: ${systemReason(cause)}`, { cause });
}
