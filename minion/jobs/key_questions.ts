/** Keys that were asked for are remembered up to this number. */
const ASKED_KEYS_MAX = 64;

/**
 * Of a signing key that is not known: the answer to come in which it may be, or undefined when there is nothing to wait
 * for. The master is asked once for each key, and for one at a time.
 */
export function createKeyQuestions(askAgain: () => Promise<void>): (kid: string) => Promise<void> | undefined {
  const asked = new Set<string>();
  let asking: Promise<void> | undefined;
  return (kid) => {
    if (asking !== undefined) return asking;
    if (asked.has(kid)) return undefined;
    const [oldest] = asked;
    if (oldest !== undefined && asked.size >= ASKED_KEYS_MAX) asked.delete(oldest);
    asked.add(kid);
    asking = askAgain().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
