// A process that starts a plane and ends in the way its first argument says: what the tests about leftovers look at from outside.
import { planesBinary } from './binaries.ts';
import { adminClient } from './client.ts';
import { eventually } from './eventually.ts';
import { idlePod, programs } from './idle-pod.ts';
import { startKubelet } from './kubelet.ts';
import { startPlane, type PlaneOptions } from './plane.ts';

const [how, dir = ''] = process.argv.slice(2);

async function startWithPod(o: PlaneOptions): Promise<string> {
  const plane = await startPlane({ controllerManager: true, ...o });
  const detached = o.detached ?? false;
  await startKubelet(plane, { programs: detached ? new URL('idle-pod.ts', import.meta.url) : programs, detached });
  const { metadata, spec } = idlePod(plane.dir);
  const pods = '/api/v1/namespaces/default/pods';
  await adminClient(plane).create(pods, { metadata: { ...metadata, name: 'idle' }, spec });
  await eventually('the Pod runs', async () => (await adminClient(plane).get(`${pods}/idle`))?.status?.['phase'] === 'Running');
  return plane.dir;
}

switch (how) {
  case 'build':
    await planesBinary().catch((error: unknown) => {
      console.error((error as Error).message);
      process.exitCode = 1;
    });
    break;
  case 'exit':
    console.log((await startPlane()).dir);
    process.exit(3);
    break;
  case 'throw':
    console.log((await startPlane()).dir);
    throw new Error('nobody catches this');
  case 'wait':
    console.log(await startWithPod({}));
    setInterval(() => undefined, 1000);
    break;
  case 'detach':
    await startWithPod({ dir, detached: true });
    break;
  default:
    throw new Error('usage: child.ts build|exit|throw|wait|detach FOLDER');
}
