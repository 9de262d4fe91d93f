/** Judges a YAML document by the table of format.ts: what is wrong, where, and what is allowed. Everything at once, not the first mistake only. */
import type * as YamlLibrary from 'yaml';
import type { Document, LineCounter } from 'yaml';
import { FORMAT, type Schema } from './format.ts';
import { nearest } from '../graph/nearest.ts';

/** The YAML library, which is loaded only when there is a file to read. */
export type Yaml = typeof YamlLibrary;

/** One mistake. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly says: string;
}

/** A node of the document, with what it is called in a message. */
interface Place {
  readonly node: unknown;
  readonly name: string;
}

export class Judge {
  readonly problems: Problem[] = [];
  readonly #yaml: Yaml;
  readonly #doc: Document;
  readonly #lines: LineCounter;

  constructor(yaml: Yaml, doc: Document, lines: LineCounter) {
    this.#yaml = yaml;
    this.#doc = doc;
    this.#lines = lines;
  }

  /** Judges the whole document. */
  judge(): void {
    this.#value({ node: this.#doc.contents, name: '' }, FORMAT);
  }

  /** Notes a mistake at a path of the document, or at the nearest thing above it that stands there. */
  at(path: readonly (string | number)[], says: string): void {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = depth === 0 ? this.#doc.contents : this.#doc.getIn(path.slice(0, depth), true);
      if (this.#yaml.isNode(node)) {
        this.#note(node, says);
        return;
      }
    }
    this.#note(null, says);
  }

  #note(node: unknown, says: string): void {
    const range = this.#yaml.isNode(node) ? node.range : undefined;
    const { line, col } = this.#lines.linePos(range?.[0] ?? 0);
    this.problems.push({ line: Math.max(1, line), column: Math.max(1, col), says });
  }

  #value(place: Place, schema: Schema): void {
    const { node, name } = place;
    if (node === null) this.#note(node, 'the file is empty: it needs version and kinds');
    else if (this.#yaml.isAlias(node)) this.#note(node, `${name} is a YAML alias (*${node.source}); write it out`);
    else if (schema.$ref !== undefined) this.#value(place, definition(schema.$ref));
    else if (schema.oneOf !== undefined) this.#variant(place, schema.oneOf);
    else if (schema.enum !== undefined || schema.const !== undefined) this.#choice(place, schema.enum ?? [schema.const]);
    else if (schema.type === 'object') this.#object(place, schema);
    else if (schema.type === 'array') this.#array(place, schema);
    else if (schema.type === 'boolean') this.#boolean(place);
    else this.#text(place, schema);
  }

  #boolean(place: Place): void {
    if (typeof scalarOf(place.node, this.#yaml) !== 'boolean') this.#wrong(place, 'true or false');
  }

  /** One of several objects: `by` tells which. */
  #variant(place: Place, variants: readonly Schema[]): void {
    const { node, name } = place;
    if (!this.#yaml.isMap(node)) {
      this.#wrong(place, 'a mapping with the field by');
      return;
    }
    const names = variants.map((variant) => variant.properties?.['by']?.const);
    const by: unknown = node.get('by', true);
    if (by === undefined) {
      this.#note(node, `${name} needs by: one of ${names.join(', ')}`);
      return;
    }
    const variant = variants.find((one) => one.properties?.['by']?.const === scalarOf(by, this.#yaml));
    if (variant === undefined) {
      this.#choice({ node: by, name: inside(name, 'by') }, names);
      return;
    }
    this.#object(place, variant);
  }

  #object(place: Place, schema: Schema): void {
    const { node, name } = place;
    if (!this.#yaml.isMap(node)) {
      this.#wrong(place, 'a mapping of fields');
      return;
    }
    const { properties = {}, required = [], additionalProperties } = schema;
    const known = Object.keys(properties);
    for (const pair of node.items) {
      const field = String(scalarOf(pair.key, this.#yaml));
      const own = Object.hasOwn(properties, field) ? properties[field] : undefined;
      const of = own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      if (of === undefined) this.#note(pair.key, unknownField(name, field, known));
      else if (pair.value === null) this.#note(pair.key, `${inside(name, field)} is empty`);
      else this.#value({ node: pair.value, name: inside(name, field) }, of);
    }
    for (const field of required) {
      if (!node.has(field)) this.#note(node, `${name === '' ? 'the file' : name} needs ${field}: ${descriptionOf(properties[field])}`);
    }
  }

  #array(place: Place, { items = {}, minItems = 0 }: Schema): void {
    const { node, name } = place;
    if (!this.#yaml.isSeq(node)) {
      this.#wrong(place, 'a list');
      return;
    }
    if (node.items.length < minItems) this.#note(node, `${name} is empty: it needs at least ${minItems}`);
    node.items.forEach((item, at) => {
      this.#value({ node: item, name: `${name}[${at}]` }, items);
    });
  }

  #text(place: Place, { pattern, title, description, minLength = 0 }: Schema): void {
    const value = scalarOf(place.node, this.#yaml);
    if (typeof value !== 'string') {
      const quoted = typeof value === 'number' || typeof value === 'boolean' ? '; put it in quotes' : '';
      this.#wrong(place, title ?? 'text', quoted);
      return;
    }
    if (value.length < minLength) this.#note(place.node, `${place.name} is empty`);
    if (pattern !== undefined && !new RegExp(pattern).test(value)) {
      this.#note(place.node, `${place.name} must be ${title ?? 'text'}, not "${value}": ${description ?? ''}`);
    }
  }

  #choice(place: Place, allowed: readonly unknown[]): void {
    const value = scalarOf(place.node, this.#yaml);
    if (allowed.includes(value)) return;
    const near = typeof value === 'string' ? nearest(value, allowed.map(String)) : undefined;
    const words = allowed.map(String).join(', ');
    this.#wrong(place, allowed.length === 1 ? words : `one of ${words}`, near === undefined ? '' : `; did you mean ${near}?`);
  }

  #wrong({ node, name }: Place, wanted: string, more = ''): void {
    this.#note(node, `${name === '' ? 'the file' : name} must be ${wanted}, not ${this.#shown(node)}${more}`);
  }

  #shown(node: unknown): string {
    if (this.#yaml.isMap(node)) return 'a mapping';
    if (this.#yaml.isSeq(node)) return 'a list';
    const value = scalarOf(node, this.#yaml);
    return value === null || value === undefined ? 'nothing' : JSON.stringify(value);
  }
}

function scalarOf(node: unknown, yaml: Yaml): unknown {
  return yaml.isScalar(node) ? (node as { value: unknown }).value : undefined;
}

/** Inside the description of a kind its fields go by their own names: the line says which kind it is. */
function inside(name: string, field: string): string {
  return name === '' || /^kinds\[\d+\]$/.test(name) ? field : `${name}.${field}`;
}

function unknownField(name: string, field: string, known: readonly string[]): string {
  const near = nearest(field, known);
  const allowed = near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`;
  return `${name === '' ? 'the file' : name} has no field "${field}"; ${allowed}`;
}

function descriptionOf(schema: Schema | undefined): string {
  if (schema === undefined) return '';
  return schema.description ?? (schema.$ref === undefined ? '' : (definition(schema.$ref).description ?? ''));
}

function definition(pointer: string): Schema {
  const found = FORMAT.definitions?.[pointer.slice('#/definitions/'.length)];
  if (found === undefined) throw new Error(`The format has no ${pointer}.`);
  return found;
}
