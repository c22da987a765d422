const PATIENCE_MS = 30_000;
const PERIOD_MS = 25;

/** Asks again and again, for where no event tells; rejects after 30 s. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}
