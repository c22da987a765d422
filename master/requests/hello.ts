import * as v from 'valibot';
import { nowSeconds } from '../../shared/clock.ts';
import { defineRequest } from './request.ts';

/** What a minion asks first: the master's time, and the certificates of the keys that sign jobs. */
export const hello = defineRequest({
  payload: v.object({}),
  answer: ({ authority, clock }) => ({
    time: nowSeconds(clock),
    version: 1,
    kid: authority.kid,
    ...authority.told(),
  }),
});
