/** Where runs are kept on this machine: --state-dir, else the XDG state directory. */
import { isAbsolute, join, resolve } from 'node:path';

export function stateDir(flag: string | undefined, env: Readonly<Record<string, string | undefined>>, home: string): string {
  if (flag !== undefined && flag !== '') return resolve(flag);
  const base = env['XDG_STATE_HOME'];
  // The specification says that a relative path is to be ignored.
  const state = base !== undefined && isAbsolute(base) ? base : join(home, '.local', 'state');
  return join(state, 'kubectl-migrate', 'runs');
}
