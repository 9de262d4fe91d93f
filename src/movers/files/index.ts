/** Files: objects as they are saved in a directory, in clusterctl's form. */
import type { Mover } from '../mover.ts';
import { write } from './actions/write.ts';

export { asItsUserHadIt } from './form.ts';

export function files(): Mover {
  return { name: 'files', rules: [], actions: { write: write() } };
}
