/** What the baremetal-operator asks of Ironic: whether it answers, whether it knows a node, to enrol one. */
export class IronicClient {
  readonly #endpoint: string;

  /** The endpoint as in the operator's configuration: `http://host:port/v1/`. */
  constructor(endpoint: string) {
    this.#endpoint = endpoint.replace(/\/$/, '');
  }

  /** Undefined while Ironic does not answer. */
  async knows(id: string): Promise<boolean | undefined> {
    try {
      return (await fetch(`${this.#endpoint}/nodes/${id === '' ? 'none' : id}`)).status === 200;
    } catch {
      return undefined;
    }
  }

  async enrol(uuid: string): Promise<void> {
    await fetch(`${this.#endpoint}/nodes`, { method: 'POST', body: JSON.stringify({ uuid }) });
  }
}
