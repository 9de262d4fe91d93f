// Planes that are lent to one test file after another in the same process: what a file left there is put back as it was, which takes a
// second, and a start with all definitions takes ten times that. A file that has its own wishes (flags, tokens) starts its own planes.
import { rm, truncate } from 'node:fs/promises';
import { adminClient } from './client.ts';
import { layout } from './flags.ts';
import type { Memory } from './memory.ts';
import { startPlane } from './plane.ts';
import { writeAdmin } from './pki.ts';
import type { Plane, RunningPlane } from './running-plane.ts';

/** What a plane holds before anybody gets it: made once, and there again each time. */
export interface Furnishing {
  /** Two of one name are the same. */
  readonly name: string;
  furnish(plane: Plane): Promise<void>;
}

export interface LoanOptions {
  /** Of the cluster in kubeconfigs. */
  readonly name: string;
  readonly controllerManager?: boolean;
  readonly furnishing?: Furnishing;
}

interface Stock {
  readonly kind: string;
  readonly plane: RunningPlane;
  readonly memory: Memory;
}

/** Waiting to be lent again. They end with this process, as every plane does. */
const idle: Stock[] = [];

/** As startPlanes, with audit logs; `stop` gives a plane back. */
export async function lendPlanes(...loans: LoanOptions[]): Promise<Plane[]> {
  const found = loans.map((loan) => take(kindOf(loan)));
  // Files of one kind follow each other: what does not fit now would only take room and time.
  if (found.includes(undefined)) await Promise.all(idle.splice(0).map(({ plane }) => plane.stop()));
  const results = await Promise.allSettled(loans.map(async (loan, i) => await lend(found[i] ?? (await stocked(loan)), loan.name)));
  const planes = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return planes;
  await Promise.all(planes.map((plane) => plane.stop()));
  throw failed.reason;
}

function kindOf({ controllerManager = false, furnishing }: LoanOptions): string {
  return JSON.stringify([controllerManager, furnishing?.name ?? '']);
}

function take(kind: string): Stock | undefined {
  const at = idle.findIndex((stock) => stock.kind === kind);
  return at < 0 ? undefined : idle.splice(at, 1)[0];
}

async function stocked(loan: LoanOptions): Promise<Stock> {
  const { controllerManager = false, furnishing } = loan;
  const plane = await startPlane({ name: loan.name, controllerManager, audit: true });
  try {
    await furnishing?.furnish(plane);
    return { kind: kindOf(loan), plane, memory: await plane.remember() };
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

async function lend(stock: Stock, name: string): Promise<Plane> {
  const { plane } = stock;
  await rm(layout(plane.dir).users, { recursive: true, force: true });
  if (plane.auditLog !== undefined) await truncate(plane.auditLog).catch(() => undefined);
  const lent = plane.lent(name, () => takeBack(stock));
  await writeAdmin(lent);
  return lent;
}

/** A plane that does not answer, or does not become calm, is not lent again. */
async function takeBack(stock: Stock): Promise<void> {
  try {
    const { status } = await adminClient(stock.plane).request('GET', '/readyz');
    if (status !== 200) throw new Error(`readyz: ${status}`);
    await stock.plane.recall(stock.memory);
    idle.push(stock);
  } catch {
    await stock.plane.stop();
  }
}
