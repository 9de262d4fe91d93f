// Builds ahead of time what tests run: the control planes and clusterctl (`node test/sandbox/build.ts`). Progress on stderr, the paths on stdout.
import { planesBinary } from './binaries.ts';
import { clusterctlBinary } from './clusterctl.ts';

try {
  console.log(await planesBinary());
  console.log(await clusterctlBinary());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
