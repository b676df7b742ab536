/** Makes what carries out work of one name after the other, and that of different names side by side. */
export function createLines(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  /** By name: settles when the last of its work is over. */
  const lasts = new Map<string, Promise<unknown>>();

  async function after<T>(before: Promise<unknown> | undefined, work: () => Promise<T>): Promise<T> {
    await before?.catch(() => {});
    return work();
  }

  async function forget(name: string, done: Promise<unknown>): Promise<void> {
    await done.catch(() => {});
    if (lasts.get(name) === done) lasts.delete(name);
  }

  return (name, work) => {
    const done = after(lasts.get(name), work);
    lasts.set(name, done);
    void forget(name, done);
    return done;
  };
}
