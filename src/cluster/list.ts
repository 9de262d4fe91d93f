/** Lists: pages of 500, parsed one by one, the next one under way while the last is used. */
import { apiVersionOf } from '../graph/ref.ts';
import { hasStatus, type KubeObject, type ListOptions, type ResourceId } from './cluster.ts';
import { collectionPath, withQuery } from './paths.ts';
import type { Transport } from './transport.ts';

const PAGE = 500;
/** A continue token lives five minutes: whoever loses so many of them does not finish. */
const MOST_RESTARTS = 5;
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export interface Page {
  readonly items: readonly KubeObject[];
  readonly next: string | undefined;
  readonly resourceVersion: string | undefined;
}

interface RawList {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
  readonly items?: readonly KubeObject[] | null;
}

/** @throws ApiError; MigrateError `cluster/...` */
export async function* listObjects(
  transport: Transport,
  resource: ResourceId,
  options: ListOptions = {},
): AsyncGenerator<KubeObject, void, undefined> {
  for await (const page of listPages(transport, resource, options)) yield* page.items;
}

/** Like `listObjects`, page by page, with the resourceVersion of the list that a page belongs to. Pages may be empty. */
export async function* listPages(
  transport: Transport,
  resource: ResourceId,
  options: ListOptions = {},
): AsyncGenerator<Page, void, undefined> {
  const given = new Set<string>();
  let restarts = 0;
  let token: string | undefined;
  let coming: Promise<Page> | undefined;
  // Ends the page that is under way when the reader stops early.
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  try {
    for (;;) {
      let page: Page;
      try {
        page = await (coming ?? readPage(transport, resource, options, token, signal));
      } catch (error) {
        if (!hasStatus(error, 410) || token === undefined || restarts === MOST_RESTARTS) throw error;
        restarts += 1;
        token = coming = undefined;
        continue;
      }
      token = page.next;
      coming = token === undefined ? undefined : readPage(transport, resource, options, token, signal);
      // Looked at only after what has come was used: a failure until then is not an unhandled one.
      coming?.catch(() => undefined);
      yield { ...page, items: page.items.filter((item) => isNew(given, item)) };
      if (token === undefined) return;
    }
  } finally {
    left.abort(new Error('the list was left'));
  }
}

function isNew(given: Set<string>, { metadata }: KubeObject): boolean {
  const size = given.size;
  return given.add(`${metadata.namespace ?? ''}/${metadata.name}`).size > size;
}

async function readPage(
  transport: Transport,
  resource: ResourceId,
  options: ListOptions,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const path = withQuery(collectionPath(resource, options.namespace), {
    limit: String(PAGE),
    continue: token,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  });
  const accept = options.metadataOnly === true ? { accept: METADATA_ONLY } : {};
  const { value } = await transport.send({ method: 'GET', path, bulk: true, signal, ...accept });
  return pageIn(value as RawList, resource);
}

/** Items of built-in types come without apiVersion and kind, and metadata-only ones with those of PartialObjectMetadata. */
function pageIn(list: RawList, resource: ResourceId): Page {
  const partial = list.kind === 'PartialObjectMetadataList';
  const apiVersion = apiVersionOf(resource);
  const kind = partial ? resource.kind : list.kind.replace(/List$/, '');
  const fill = (item: KubeObject): KubeObject => {
    if (partial) return { ...item, apiVersion, ...(kind !== undefined && { kind }) };
    return (item.kind as string | undefined) === undefined ? { ...item, apiVersion, kind: kind ?? '' } : item;
  };
  return {
    items: (list.items ?? []).map(fill),
    next: list.metadata?.continue === '' ? undefined : list.metadata?.continue,
    resourceVersion: list.metadata?.resourceVersion,
  };
}
