// A proxy that lets faults happen to requests on their way to an API server.
export type { Act, Fault, Match, Numbered, Rest, Side, Whole } from './fault.ts';
export { startFaultProxy, type FaultProxy, type Passed, type Upstream } from './proxy.ts';
