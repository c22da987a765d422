/** In the master's sock_dir: who may open it is the operator that owns the master. */
export const operatorSocketName = 'operator.sock';
/** In the minion's sock_dir: its own event bus. */
export const loopbackSocketName = 'local.sock';
