import * as v from 'valibot';
import { defineRequest } from './request.ts';

/** All that a minion was sent and did not answer goes out again: it woke up, or may have missed something. */
export const next = defineRequest({
  payload: v.object({}),
  answer({ dispatcher }, id) {
    dispatcher.requeue(id);
    dispatcher.flush(id);
    return true;
  },
});
