// Builds the control planes of the tests ahead of time: `node test/sandbox/build.ts`. Progress on stderr, the path on stdout.
import { planesBinary } from './binaries.ts';

try {
  console.log(await planesBinary());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
