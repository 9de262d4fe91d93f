/**
 * Stand-in for Ironic: answers on loopback, knows the nodes that were enrolled since it started, and forgets them when it ends, as one whose
 * database is inside its Pod. With IRONIC_DATABASE=kept it starts with the nodes that the hosts of its cluster name, as one with a database outside.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { pathOf } from '../fixtures/kinds.ts';
import { connect, READY, setting } from './controller.ts';

const nodes = new Set<string>();
if (setting('IRONIC_DATABASE', 'lost') === 'kept') {
  const hosts = await connect().list(pathOf('BareMetalHost'));
  for (const host of hosts) nodes.add((host.status?.['provisioning'] as { ID?: string } | undefined)?.ID ?? '');
}

const server = createServer((incoming, outgoing) => {
  const answer = (status: number, body: object): void => {
    outgoing.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
  const id = /^\/v1\/nodes\/([^/?]+)/.exec(incoming.url ?? '')?.[1];
  if (incoming.method === 'POST' && incoming.url === '/v1/nodes') {
    void text(incoming).then((body) => {
      const { uuid } = JSON.parse(body) as { uuid: string };
      nodes.add(uuid);
      answer(201, { uuid });
    });
  } else if (id !== undefined) answer(nodes.has(id) ? 200 : 404, { uuid: id });
  else answer(200, { id: 'v1', nodes: nodes.size });
});
server.listen(Number(setting('IRONIC_PORT')), '127.0.0.1', () => console.log(READY));
server.once('error', (error) => {
  console.error(error.message); // the address is taken: two of them share it
  process.exit(1);
});
process.once('SIGTERM', () => process.exit(0));
