import { execa } from 'execa';
import type { Plane } from './running-plane.ts';

/** Runs the kubectl on PATH as the plane's administrator and returns what it prints. For looking at a plane while writing a test. */
export async function kubectl(plane: Plane, args: readonly string[], input = ''): Promise<string> {
  const { stdout } = await execa('kubectl', ['--kubeconfig', plane.kubeconfig, ...args], { input });
  return stdout;
}
