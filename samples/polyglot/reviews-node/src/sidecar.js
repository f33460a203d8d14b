const ATTEMPTS = 50;
const TIMEOUT_MS = 10_000;

/** The state store could not be used; the same request may succeed later. */
export class Unavailable extends Error {}

/** Dapr's state API on this app's sidecar: documents that are read, decided upon and written under their ETags. */
export class Sidecar {
  #store;
  #headers;

  constructor(port, token, store = 'statestore') {
    this.#store = `http://127.0.0.1:${port}/v1.0/state/${store}`;
    this.#headers = token ? { 'dapr-api-token': token } : {};
  }

  /** @returns {Promise<{document: any, etag: string}>} document is null when there is none. */
  async read(key) {
    const answer = await this.#send(`/${encodeURIComponent(key)}`, {});
    if (answer.status === 204) return { document: null, etag: '' };
    if (answer.status !== 200) throw await refusal(answer);
    return { document: await body(answer, () => answer.json()), etag: answer.headers.get('etag') ?? '' };
  }

  /**
   * Reads the document and lets `decide` say what it should be; writes that under the ETag read, and starts over when somebody
   * else wrote first. A write whose outcome is unknown counts as failed: decisions must recognise what they have already done,
   * and return the document itself when nothing is to be written.
   * @returns {Promise<any>} what stands in the store
   */
  async update(key, decide) {
    let failure = null;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { document, etag } = await this.read(key);
      const next = decide(document);
      if (next === document) return document;
      try {
        if (await this.#write(key, next, etag)) return next;
        failure = null;
      } catch (unknown) {
        // Written or not: the next read tells. Two such failures in a row mean that the store is in trouble.
        if (failure || !(unknown instanceof Unavailable)) throw unknown;
        failure = unknown;
      }
    }

    throw failure ?? new Unavailable(`${key} changed under each of ${ATTEMPTS} attempts to write it`);
  }

  /** @returns {Promise<boolean>} false when the document is not the one that was read. */
  async #write(key, value, etag) {
    // First-write without an ETag means: only if absent. With one it makes some backends refuse all later writes without any.
    const item = { key, value, options: { concurrency: 'first-write' }, ...(etag && { etag }) };
    const answer = await this.#send('', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([item]) });
    if (answer.status === 409) {
      await body(answer, () => answer.text());
      return false;
    }

    if (!answer.ok) throw await refusal(answer);
    return true;
  }

  async #send(path, request) {
    try {
      const headers = { ...request.headers, ...this.#headers };
      return await fetch(this.#store + path, { ...request, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (failure) {
      throw new Unavailable(`the sidecar does not answer: ${failure.cause?.message ?? failure.message}`);
    }
  }
}

async function refusal(answer) {
  return new Unavailable(`the sidecar answers ${answer.status}: ${(await body(answer, () => answer.text())).slice(0, 500)}`);
}

async function body(answer, read) {
  try {
    return await read();
  } catch (failure) {
    throw new Unavailable(`the answer of the sidecar (${answer.status}) cannot be read: ${failure.message}`);
  }
}
