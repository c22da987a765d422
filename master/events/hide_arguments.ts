import { redact } from '../../shared/log.ts';
import type { EventData } from './event_record.ts';

/** What an operator typed in may hold passwords; observers of the bus do not see them either. */
export function hideArguments(data: EventData): EventData {
  const hidden: Record<string, unknown> = { ...data };
  for (const member of ['arg', 'kwarg', 'fun_args']) {
    if (member in hidden) hidden[member] = redact(hidden[member]);
  }
  return hidden;
}
