/** What an event tells. */
export type EventData = Readonly<Record<string, unknown>>;

/** An event of the log. */
export interface LoggedEvent {
  readonly cursor: number;
  readonly tag: string;
  /** As observers of the bus see it: what came through JSON. */
  readonly data: EventData;
  /** When it was stored, milliseconds UTC; its `_stamp` says when it was fired. */
  readonly atMs: number;
  readonly size: number;
  /** Bytes of all events up to this one since the log began: the difference of two is what lies between. */
  readonly total: number;
}

export interface EventRecord {
  readonly tag: string;
  readonly atMs: number;
  readonly total: number;
  /** One line of JSON: the very bytes that observers get. */
  readonly payload: Uint8Array;
}

/** What an entry takes beside tag and payload: key, time, total and what the store adds. */
const OVERHEAD_BYTES = 64;

export function sizeOf(tag: string, payload: Uint8Array): number {
  return tag.length + payload.length + OVERHEAD_BYTES;
}

/** A record as the store keeps it: a list, because names would be half of it. */
export function toValue({ tag, atMs, total, payload }: EventRecord): unknown {
  return [tag, atMs, total, payload];
}

export function fromValue(cursor: number, value: unknown): LoggedEvent {
  const [tag, atMs, total, payload] = value as [string, number, number, Uint8Array];
  let data: EventData | undefined;
  return {
    cursor,
    tag,
    atMs,
    total,
    size: sizeOf(tag, payload),
    // Whoever looks for some tags among many should not pay for reading all the others.
    get data() {
      data ??= JSON.parse(Buffer.from(payload).toString()) as EventData;
      return data;
    },
  };
}
