import type { MinionContext } from '../../context.ts';

export type ServiceAction = 'start' | 'stop' | 'restart' | 'reload' | 'force-reload';

/**
 * One way to run services, as an init system gives it. Lists are sorted. What asks never throws for a service that does
 * not exist; what changes throws COMMAND_FAILED with the init system's own words.
 */
export interface ServiceProvider {
  /** The name that `test.provider service` gives: Salt's file name where Salt has one. */
  readonly name: string;
  /** Whether this init system runs this machine. */
  runsHere(context: MinionContext): boolean;
  listAll(context: MinionContext): Promise<string[]>;
  listEnabled(context: MinionContext): Promise<string[]>;
  listRunning(context: MinionContext): Promise<string[]>;
  /** Those that could be enabled and are not. */
  listDisabled(context: MinionContext): Promise<string[]>;
  isAvailable(context: MinionContext, name: string): Promise<boolean>;
  isRunning(context: MinionContext, name: string): Promise<boolean>;
  isEnabled(context: MinionContext, name: string): Promise<boolean>;
  /** With noBlock it is over when the action is queued, where the init system has a queue. */
  act(context: MinionContext, action: ServiceAction, name: string, noBlock?: boolean): Promise<void>;
  enable(context: MinionContext, name: string): Promise<void>;
  disable(context: MinionContext, name: string): Promise<void>;
}
