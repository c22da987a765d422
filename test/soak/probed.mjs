// `node probed.mjs <socket> <program> [arguments]`: runs a program of the build, and tells who connects to the socket how
// it is with its memory, its timers, its sockets and its event loop. Plain JavaScript.
import { createServer, Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MB = 1024 ** 2;
const [, socketPath] = process.argv.splice(1, 2);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const Timeout = setTimeout(() => undefined, 0).constructor;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

function sample() {
  const { heapUsed, external } = process.memoryUsage();
  const told = {
    heapMb: heapUsed / MB,
    externalMb: external / MB,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
  };
  delay.reset();
  return told;
}

const answers = {
  sample,
  /** The same, of what is left when all garbage is gone; how long that took is not the program's delay. */
  collect() {
    const { delayP99Ms, delayMaxMs } = sample();
    collectGarbage();
    collectGarbage();
    const told = { ...sample(), delayP99Ms, delayMaxMs };
    setImmediate(() => delay.reset());
    return told;
  },
  /** Objects that something still holds. A timer of ours keeps no process alive: no list of Node's own shows it. */
  census() {
    const told = { timers: queryObjects(Timeout), sockets: queryObjects(Socket), signals: queryObjects(AbortSignal) };
    setImmediate(() => delay.reset());
    return told;
  },
};

const server = createServer((socket) => {
  socket.unref();
  createInterface({ input: socket }).on('line', (line) => socket.write(`${JSON.stringify(answers[line]())}\n`));
  socket.on('error', () => socket.destroy());
});
server.listen(socketPath);
server.unref();

await import(pathToFileURL(process.argv[1]).href);
