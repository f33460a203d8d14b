/** A sidecar's state in memory, as `Sidecar` gives it. `interfere` runs once between a read and its write. */
export class Memory {
  documents = new Map();
  writes = 0;
  interfere = null;

  async read(key) {
    return { document: this.documents.get(key) ?? null, etag: '' };
  }

  async update(key, decide) {
    for (;;) {
      const read = this.documents.get(key) ?? null;
      const next = decide(read);
      const other = this.interfere;
      this.interfere = null;
      await other?.();
      if (next === read) return read;
      if ((this.documents.get(key) ?? null) !== read) continue;
      this.documents.set(key, next);
      this.writes++;
      return next;
    }
  }
}
