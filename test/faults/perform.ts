/** What the proxy does with one request: pass it, or what its fault says. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Act, Rest } from './fault.ts';
import type { Passed } from './proxy.ts';
import { passing, type Road } from './road.ts';

export interface Errand {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
  readonly passed: Passed;
  readonly road: Road;
  /** Ends the attached process. */
  readonly kill: () => void;
  /** Resets the client's connection. */
  readonly reset: () => void;
}

/** Does it; rejects when the server cannot be reached, and then the connection of the client is to end. */
export async function perform(errand: Errand): Promise<void> {
  const { act } = errand.passed;
  if (act === undefined) return pass(errand, await send(errand));
  if ('cut' in act) return cut(errand, act);
  if ('truncate' in act) return truncate(errand, act.truncate, act.rest ?? 'close');
  if ('silence' in act) return silence(errand, act.silence);
  if ('rewrite' in act) return rewrite(errand, act);
  if ('answer' in act) return answer(errand, act);
  if ('hold' in act) await act.hold(errand.passed);
  else if (act.of !== 'answer') await sleep(act.delay);
  const answered = await send(errand);
  if ('delay' in act && act.of === 'answer') await sleep(act.delay);
  await pass(errand, answered);
}

async function send({ road, incoming, outgoing, body, passed }: Errand): Promise<IncomingMessage> {
  const left = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) left.abort();
  });
  const answered = await road.send(incoming, body, left.signal);
  passed.status = answered.statusCode ?? 0;
  return answered;
}

function head({ outgoing }: Errand, answered: IncomingMessage): void {
  outgoing.writeHead(answered.statusCode ?? 502, answered.statusMessage, passing(answered.rawHeaders));
  outgoing.flushHeaders();
}

async function pass(errand: Errand, answered: IncomingMessage): Promise<void> {
  head(errand, answered);
  await pipeline(answered, errand.outgoing);
}

/** The server's answer in full; of a watch, that it began. */
async function acted(errand: Errand): Promise<Buffer> {
  const answered = await send(errand);
  if (!errand.passed.watch) return buffer(answered);
  answered.destroy();
  return Buffer.alloc(0);
}

async function cut(errand: Errand, act: Extract<Act, { cut: unknown }>): Promise<void> {
  if (act.cut === 'after') await acted(errand);
  if (act.kill === true) errand.kill();
  errand.reset();
}

async function silence(errand: Errand, when: 'before' | 'after'): Promise<void> {
  if (when === 'after') await acted(errand);
}

async function truncate(errand: Errand, bytes: number, rest: Rest): Promise<void> {
  const answered = await send(errand);
  const { outgoing, incoming } = errand;
  if (rest === 'end') {
    const headers = passing(answered.rawHeaders);
    const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
    if (at >= 0) headers.splice(at, 2);
    outgoing.writeHead(answered.statusCode ?? 502, headers);
  } else head(errand, answered);
  let left = bytes;
  for await (const chunk of answered) {
    const piece = (chunk as Buffer).subarray(0, left);
    left -= piece.length;
    if (piece.length > 0) await new Promise((resolve) => outgoing.write(piece, resolve));
    if (left === 0) break;
  }
  if (rest === 'end') outgoing.end();
  else if (rest === 'close') incoming.socket.destroy();
}

async function answer(errand: Errand, act: Extract<Act, { answer: number }>): Promise<void> {
  if (act.after === true) await acted(errand);
  const { answer: code, message = 'ordered by a fault', reason = '', retryAfter } = act;
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  const more = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  errand.outgoing.writeHead(code, { 'Content-Type': 'application/json', ...more });
  errand.outgoing.end(JSON.stringify(status));
}

async function rewrite(errand: Errand, act: Extract<Act, { rewrite: unknown }>): Promise<void> {
  const { outgoing, passed } = errand;
  const answered = await send(errand);
  const { 'content-length': _length, 'transfer-encoding': _coding, connection: _connection, ...headers } = answered.headers;
  const whole = await act.rewrite({ status: passed.status ?? 0, headers, body: await buffer(answered) }, passed);
  outgoing.writeHead(whole.status, whole.headers as never);
  outgoing.end(whole.body);
}
