/** Files: objects as they are saved in a directory, in clusterctl's form, or in one encrypted archive of such files. */
import type { Seal } from '../../archive/keys.ts';
import type { Mover } from '../mover.ts';
import { backUp } from './actions/back-up.ts';
import { write } from './actions/write.ts';

export { asItsUserHadIt } from './form.ts';

/** @param seal to whom a backup is encrypted; absent = this process takes none */
export function files(seal?: Seal): Mover {
  return { name: 'files', rules: [], actions: { write: write(), 'back-up': backUp(seal) } };
}
