import { open } from 'lmdb';
import { type TableName, tableNames } from './store.ts';

/** What is in a store, seen from another process than the one that writes it. */
export interface StoreUse {
  /**
   * What its tables take, bytes. The file is as large as that once was, and no smaller: LMDB keeps pages that came free
   * for what is written next.
   */
  usedBytes(): number;
  jobs(): number;
  /** Rows, returns, parts and lists of minions whose job is not there. */
  leftBehind(): number;
  close(): Promise<void>;
}

interface TableStats {
  readonly pageSize: number;
  readonly entryCount: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

const OF_A_JOB = ['job_minions', 'rows', 'returns', 'parts'] as const;

/** Of the store in that folder, which has to be there. */
export function openStoreUse(path: string): StoreUse {
  const environment = open({
    path,
    encoding: 'binary',
    maxDbs: tableNames.length + 2,
    noSubdir: false,
    readOnly: true,
  });
  const tables = tableNames.map((name) => [name, environment.openDB({ name, encoding: 'binary' })] as const);
  const statsOf = new Map(tables.map(([name, table]) => [name, () => table.getStats() as TableStats]));
  const jidsIn = function* (name: TableName): Generator<string> {
    const table = tables.find(([known]) => known === name)?.[1];
    for (const key of table?.getKeys() ?? []) yield String(Array.isArray(key) ? key[0] : key);
  };
  return {
    usedBytes() {
      const pages = [...statsOf.values()]
        .map((stats) => stats())
        .map(
          ({ treeBranchPageCount, treeLeafPageCount, overflowPages, pageSize }) =>
            pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages),
        );
      return pages.reduce((sum, bytes) => sum + bytes, 0);
    },
    jobs: () => statsOf.get('jobs')?.().entryCount ?? 0,
    leftBehind() {
      const jids = new Set(jidsIn('jobs'));
      let count = 0;
      for (const name of OF_A_JOB) for (const jid of jidsIn(name)) if (!jids.has(jid)) count++;
      return count;
    },
    close: () => environment.close(),
  };
}
