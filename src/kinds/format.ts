/**
 * The written form of kind descriptions, as one table: a JSON schema. The reader (shape.ts) judges files by it, docs/kinds.schema.json is it, and its words are
 * those of the reader's errors. docs/kinds.md is the same for people.
 */

/** As much of JSON Schema (draft 7) as the table needs. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: 'object' | 'array' | 'string' | 'boolean';
  readonly title?: string;
  readonly description?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  /** Objects that a field with a constant tells apart. */
  readonly oneOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly $schema?: string;
  readonly $id?: string;
}

const PART = String.raw`(?:[A-Za-z_][A-Za-z0-9_-]*|\["[^"]+"\])`;
const REST = String.raw`(?:\.[A-Za-z_][A-Za-z0-9_-]*|\["[^"]+"\]|\[\])*`;

const ref = (name: string, description: string): Schema => ({ $ref: `#/definitions/${name}`, description });
const list = (items: Schema, description: string): Schema => ({ type: 'array', items, description });
const text = (description: string): Schema => ({ type: 'string', minLength: 1, description });
const object = (required: readonly string[], properties: Readonly<Record<string, Schema>>, description?: string): Schema => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
  ...(description === undefined ? {} : { description }),
});
const heldBy = (by: string, description: string, more: Readonly<Record<string, Schema>> = {}, optional: readonly string[] = []): Schema =>
  object(['by', ...Object.keys(more).filter((name) => !optional.includes(name))], { by: { const: by }, ...more }, description);

const PATH = '#/definitions/path';
const STATUS_PATH = '#/definitions/statusPath';

const DEFINITIONS: Readonly<Record<string, Schema>> = {
  path: {
    type: 'string',
    pattern: `^(?!apiVersion\\b|kind\\b)${PART}${REST}$`,
    title: 'a path',
    description:
      'fields joined by dots, [] for each entry of a list, ["a/b"] for a field with dots in its name, ["Ready"] for the condition of that type',
  },
  statusPath: {
    type: 'string',
    pattern: `^status(?=[.[])${REST}$`,
    title: 'a path below status',
    description: 'as every path, beginning with status.',
  },
  fieldPath: {
    type: 'string',
    pattern: String.raw`^(?!apiVersion\b|kind\b|metadata\b|status\b)[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*$`,
    title: 'the path of a single field',
    description: 'plain fields joined by dots, not in metadata and not in status, such as spec.paused',
  },
  group: {
    type: 'string',
    pattern: String.raw`^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)?$`,
    title: 'an API group',
    description: 'without a version, such as factory.example; empty for Secrets and ConfigMaps',
  },
  kind: {
    type: 'string',
    pattern: '^[A-Z][A-Za-z0-9]*$',
    title: 'a kind in CamelCase',
    description: 'as the CustomResourceDefinition spells it, such as Widget',
  },
  annotation: {
    type: 'string',
    pattern: String.raw`^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$`,
    title: 'the name of an annotation',
    description: 'such as factory.example/hold',
  },
  dropped: {
    type: 'string',
    pattern: String.raw`^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?(?:\*|[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)$`,
    title: 'the name of an annotation',
    description: 'such as factory.example/checksum, or factory.example/* for all of that domain',
  },
  kindName: object(
    ['group', 'kind'],
    { group: { $ref: '#/definitions/group' }, kind: { $ref: '#/definitions/kind' } },
    'a kind, without a version',
  ),
  hold: {
    description: 'what keeps controllers from acting on an object of this kind',
    oneOf: [
      heldBy('field', 'a field of its own that is true', { path: ref('fieldPath', 'the field, such as spec.paused') }),
      heldBy(
        'annotation',
        'an annotation on itself',
        {
          name: ref('annotation', 'its name'),
          value: text('the one value that holds; without it any value does, and ours is kubectl-migrate'),
        },
        ['value'],
      ),
      heldBy('cluster', 'the Cluster that it descends from: paused, its controllers leave this alone'),
      heldBy('host', 'the BareMetalHost of its name, or that owns it'),
      heldBy('rest', 'nothing acts on it by itself: plain data'),
      heldBy('last-look', 'nothing holds it; it is copied while the controllers are off on both sides'),
      heldBy('nothing', 'nothing holds it while its controller acts: objects of this kind block'),
    ],
  },
  follow: object(
    ['path', 'as', 'to'],
    {
      path: { $ref: PATH, description: 'where the name stands' },
      as: {
        enum: ['name', 'reference', 'typed', 'slashed'],
        description:
          'how it is named: name = a plain string, in the same namespace; reference = an object with name and perhaps namespace; typed = the same with kind and apiVersion or apiGroup; slashed = the string namespace/name',
      },
      to: ref('kindName', 'the kind that is meant; of typed the one where kind or group are not written'),
      namespaceAt: ref('path', 'of a plain name: the field that says in which namespace it is, when not in the same; neither path has []'),
      required: { const: true, description: 'the object does not work without it: a name that leads nowhere blocks' },
    },
    'something that an object names',
  ),
  steady: object(
    ['path', 'oneOf'],
    {
      path: { $ref: PATH, description: 'where the value stands' },
      oneOf: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'what it may be; numbers and booleans as text' },
    },
    'what must be true of an object before it is frozen',
  ),
  left: object(
    ['rule', 'sentence'],
    {
      rule: {
        enum: ['left/derived', 'left/cluster-local'],
        description:
          'derived: its controller makes it anew, and it goes from the source with its owner; cluster-local: it describes this cluster and stays',
      },
      sentence: text('the reason, shown in the report'),
    },
    'why objects of this kind are not moved',
  ),
  description: object(
    ['group', 'kind', 'resource', 'hold'],
    {
      group: { $ref: '#/definitions/group', description: 'API group, without a version' },
      kind: { $ref: '#/definitions/kind', description: 'as the CustomResourceDefinition spells it' },
      resource: {
        type: 'string',
        pattern: '^[a-z][a-z0-9]*$',
        title: 'a plural in lower case',
        description: 'the plural of the kind, such as widgets',
      },
      hold: { $ref: '#/definitions/hold' },
      release: {
        enum: ['extension-config', 'class', 'data-template', 'pool', 'claim', 'cluster', 'resource-set', 'other'],
        description:
          'in which step of the release it is let go, in this order; only with a hold by field or annotation. Default: other, the last one',
      },
      root: {
        type: 'boolean',
        description: 'moves, with everything that belongs to it; else it moves when something that moves owns or names it',
      },
      steady: list({ $ref: '#/definitions/steady' }, 'what must be true before it is frozen'),
      follows: list({ $ref: '#/definitions/follow' }, 'which objects it names'),
      uids: list({ $ref: PATH }, 'where UIDs of other objects stand, beside ownerReferences: rewritten where what they mean moves'),
      ignore: list({ $ref: PATH }, 'copied and never compared'),
      volatile: list({ $ref: STATUS_PATH }, 'of the status: changes without meaning anything, never compared'),
      pausing: list(
        text('the type of a condition'),
        'types of conditions that its controller writes on pausing: never compared. Paused is always among them',
      ),
      saysPaused: {
        type: 'boolean',
        description: 'its controller writes a condition Paused: after a pause it is awaited on every object that carries one',
      },
      kept: list({ $ref: STATUS_PATH }, 'after release: of the status only this must stay as it was'),
      adopted: list({ $ref: PATH }, 'after release, the other way round: everything must stay as it was but this'),
      dropAnnotations: list({ $ref: '#/definitions/dropped' }, 'annotations that are neither copied nor compared'),
      left: ref('left', 'given: objects of this kind are not moved, for this reason'),
      retire: {
        enum: ['strip-first', 'delete-first'],
        description:
          'how originals and copies go: finalizers off and then DELETE (default), or DELETE first where a controller would put the finalizers back',
      },
      mergesOwners: { type: 'boolean', description: 'shared: where the target has an equal one, owners are merged into it' },
      vars: {
        type: 'object',
        additionalProperties: { $ref: PATH },
        description: 'values that rules and plans read, by a name of your own',
      },
    },
    'what is to be known of one kind',
  ),
};

export const FORMAT: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Kind descriptions for kubectl migrate',
  description:
    'What kubectl migrate has to know of kinds that it does not know by itself; read by --kinds FILE. Explained in docs/kinds.md.',
  ...object(['version', 'kinds'], {
    version: { const: 1, description: 'of this format' },
    kinds: { type: 'array', minItems: 1, items: { $ref: '#/definitions/description' }, description: 'one entry per kind' },
  }),
  definitions: DEFINITIONS,
};
