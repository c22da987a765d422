const LOOK_MS = 500;

/** When who started this process is gone, it is told to end: npm dies of a SIGTERM and hands none on through its shell. */
export function endWithParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  timer.unref();
}
