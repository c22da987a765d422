import * as v from 'valibot';
import { FleetError } from '../shared/errors.ts';
import * as args from '../shared/plugin/args.ts';
import { defineModule, fn } from './context.ts';
import { defineGrains } from './grains.ts';

/**
 * What a module, or a file of grains, outside this package is made with: a default export that is a function is called
 * with it.
 */
export const moduleKit = { defineModule, defineGrains, fn, FleetError, args, v };
export type ModuleKit = typeof moduleKit;
