export type StopReason = 'cancelled' | 'timeout';

/** Whether a job is to stop before its end. The signal that says so is made when somebody asks for it: few functions do. */
export class JobStop {
  #reason: StopReason | undefined;
  #controller: AbortController | undefined;

  /** Undefined: it is not to stop. The first reason stays. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Fires with the reason; it has fired for who asks later. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  stop(reason: StopReason): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}
