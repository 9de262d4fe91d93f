/**
 * A proxy between the tool and its API servers, TLS on loopback on both ways, that numbers the requests over all sides in one order and lets faults
 * happen to them. One per test; the tool is given its kubeconfigs. What has no fault passes unchanged: keep-alive, pages, watches, compression.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readKubeconfig, writeKubeconfig } from '../sandbox/kubeconfig.ts';
import { Faults, numbered, type Act, type Fault, type Numbered, type Side } from './fault.ts';
import { Gate } from './gate.ts';

/** A request with what became of it. */
export interface Passed extends Numbered {
  /** What the server answered, once it has; also where nobody was told. */
  status?: number;
  act?: Act;
}

export interface FaultProxy {
  /** Kubeconfigs for the tool: those of the servers, pointing at the proxy. All contexts of the file are kept. */
  readonly kubeconfigs: Readonly<Record<Side, string>>;
  /** All requests since the start or the last `arm`, in their order. */
  readonly requests: readonly Passed[];
  /** Begins anew: these faults, request numbers from 1. */
  arm(...faults: readonly Fault[]): void;
  /** The process that acts with `kill` end. */
  attach(pid: number | undefined): void;
  /** Another kubeconfig for a side (another user's), copied and pointed at the proxy; returns its path. */
  through(side: Side, kubeconfig: string): Promise<string>;
  /** The side is gone: connections end, new ones are refused. */
  away(side: Side): Promise<void>;
  /** It is there again, at the same address. */
  back(side: Side): Promise<void>;
  /** From now on it shows a certificate that nobody trusts (`true`), or its own again. Connections that stand are cut. */
  mistrusted(side: Side, yes: boolean): void;
  /** Resolves when no request is on its way to a server: what a killed process sent has landed. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** What a server is reached by; a Plane of the sandbox is one. */
export interface Upstream {
  readonly kubeconfig: string;
}

/** Starts the proxy before these servers. */
export async function startFaultProxy(upstreams: Readonly<Record<Side, Upstream>>, ...faults: readonly Fault[]): Promise<FaultProxy> {
  const dir = await mkdtemp(join(tmpdir(), 'kubectl-migrate-faults-'));
  const armed = new Faults();
  let requests: Passed[] = [];
  let pid: number | undefined;
  const register = (side: Side, method: string, url: string): Passed => {
    const request: Passed = numbered(requests.length + 1, side, method, url);
    requests.push(request);
    const act = armed.strike(request);
    if (act !== undefined) request.act = act;
    return request;
  };
  const kill = (): void => {
    if (pid === undefined) throw new Error('a fault that kills struck, and no process is attached to the proxy');
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself just now.
    }
  };
  const gates = new Map<Side, Gate>();
  for (const [side, upstream] of Object.entries(upstreams))
    gates.set(side, await Gate.open(upstream.kubeconfig, { register: (method, url) => register(side, method, url), kill }));
  const gateOf = (side: Side): Gate => {
    const gate = gates.get(side);
    if (gate === undefined) throw new Error(`the proxy has no side ${side}`);
    return gate;
  };
  const through = async (side: Side, path: string): Promise<string> => {
    const config = await readKubeconfig(path);
    for (const { cluster } of config.clusters) Object.assign(cluster, gateOf(side).entry);
    const own = join(dir, `${side}-${basename(path)}`);
    await writeKubeconfig(own, config);
    return own;
  };
  armed.arm(faults);
  const kubeconfigs: Record<Side, string> = {};
  for (const [side, { kubeconfig }] of Object.entries(upstreams)) kubeconfigs[side] = await through(side, kubeconfig);
  return {
    kubeconfigs,
    get requests() {
      return requests;
    },
    arm: (...next) => {
      requests = [];
      armed.arm(next);
    },
    attach: (next) => void (pid = next),
    through,
    away: (side) => gateOf(side).close(),
    back: (side) => gateOf(side).listen(),
    mistrusted: (side, yes) => gateOf(side).mistrusted(yes),
    settled: async () => {
      await Promise.all([...gates.values()].map((gate) => gate.settled()));
    },
    stop: async () => {
      await Promise.all([...gates.values()].map((gate) => gate.stop()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
