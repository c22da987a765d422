const MESSAGE_ID_MAX = 65_535;
/** Far more than any window; it keeps an id that is free quick to find. */
const HELD_MAX = 16_384;

/**
 * The message ids of one connection. Aedes' own return after 65,535 messages whether or not the earlier one is
 * acknowledged [MQTT-2.3.1-4]; these are skipped while somebody waits for their PUBACK.
 */
export class MessageIds {
  #last = 0;
  readonly #held = new Map<number, () => void>();

  /** False when too many are held for one more. */
  get hasRoom(): boolean {
    return this.#held.size < HELD_MAX;
  }

  /** With `acknowledged`, the id is held until its release, which calls that once. */
  next(acknowledged?: () => void): number {
    do {
      this.#last = (this.#last % MESSAGE_ID_MAX) + 1;
    } while (this.#held.has(this.#last));
    if (acknowledged !== undefined) this.#held.set(this.#last, acknowledged);
    return this.#last;
  }

  release(id: number): void {
    const acknowledged = this.#held.get(id);
    if (acknowledged === undefined) return;
    this.#held.delete(id);
    acknowledged();
  }
}
