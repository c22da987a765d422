import * as v from 'valibot';
import { nowSeconds } from '../../shared/clock.ts';
import { defineRequest } from './request.ts';

/** The master's time and nothing else, for minions without a clock whose packets have no room for `hello`. */
export const time = defineRequest({ payload: v.object({}), answer: ({ clock }) => nowSeconds(clock) });
