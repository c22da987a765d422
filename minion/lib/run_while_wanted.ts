/**
 * Runs one at a time: whoever asks while it runs gets one more run, which sees all that was there when he asked. The
 * run settles its own errors.
 */
export function runWhileWanted(run: () => Promise<void>): () => void {
  let isWanted = false;
  let isRunning = false;
  const runAll = async (): Promise<void> => {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      await run();
    }
    isRunning = false;
  };
  return () => {
    isWanted = true;
    if (!isRunning) void runAll();
  };
}
