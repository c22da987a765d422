import { join } from 'node:path';
import type { MinionContext } from '../../context.ts';

export interface NewUser {
  readonly name: string;
  readonly uid?: number | undefined;
  /** A number or a name. */
  readonly gid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly home?: string | undefined;
  readonly shell?: string | undefined;
  readonly gecos: string;
  readonly isUnique: boolean;
  readonly isSystem: boolean;
  readonly createHome: boolean;
  readonly skipLogs: boolean;
  /** Whether a group of the same name is made; undefined: as the system is used to. */
  readonly userGroup?: boolean | undefined;
}

/** What shall be different. */
export interface UserChange {
  readonly newName?: string;
  readonly uid?: number;
  readonly gid?: string;
  readonly home?: string;
  readonly moveHome?: boolean;
  readonly shell?: string;
  readonly gecos?: string;
  /** All supplementary groups. */
  readonly groups?: readonly string[];
}

export interface NewGroup {
  readonly name: string;
  readonly gid?: number | undefined;
  readonly isSystem: boolean;
  readonly isUnique: boolean;
}

export interface GroupChange {
  readonly gid?: number;
  readonly isUnique?: boolean;
  readonly members?: readonly string[];
}

/** The programs that change users and groups. `root` is a directory to do it in; each throws COMMAND_FAILED. */
export interface AccountProvider {
  /** The name that `test.provider user` gives: Salt's file name. */
  readonly name: string;
  runsHere(context: MinionContext): boolean;
  addUser(context: MinionContext, root: string | undefined, user: NewUser): Promise<void>;
  changeUser(context: MinionContext, root: string | undefined, name: string, change: UserChange): Promise<void>;
  deleteUser(
    context: MinionContext,
    root: string | undefined,
    name: string,
    how: { readonly removeHome: boolean; readonly force: boolean },
  ): Promise<void>;
  addGroup(context: MinionContext, root: string | undefined, group: NewGroup): Promise<void>;
  changeGroup(context: MinionContext, root: string | undefined, name: string, change: GroupChange): Promise<void>;
  deleteGroup(context: MinionContext, root: string | undefined, name: string): Promise<void>;
}

/** The directory below which the account files of `root` are. */
export function accountsRoot(context: MinionContext, root: string | undefined): string {
  return root === undefined ? context.root : join(context.root, root);
}
