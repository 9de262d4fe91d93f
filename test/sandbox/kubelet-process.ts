// The detached kubelet: `node kubelet-process.ts PLANE_FOLDER MODULE_URL NODE`. Runs until it is killed; its Pods end with it.
import { startKubelet } from './kubelet.ts';
import { openPlane } from './plane.ts';

const [dir, module, node] = process.argv.slice(2);
if (dir === undefined || module === undefined || node === undefined)
  throw new Error('usage: kubelet-process.ts PLANE_FOLDER MODULE_URL NODE');
await startKubelet(await openPlane(dir), { programs: new URL(module), node });
setInterval(() => undefined, 3600_000); // following Pods does not keep a process alive by itself
