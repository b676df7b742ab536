/** Shares one call among all who ask for it. A failed call is made again, and so is one that was forgotten. */
export function remember<T>(make: () => Promise<T>): (() => Promise<T>) & { forget: () => void } {
  let made: Promise<T> | undefined;
  const get = () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(get, { forget: () => void (made = undefined) });
}

/** The same, for each key. */
export function rememberEach<Key, T>(make: (key: Key) => Promise<T>): (key: Key) => Promise<T> {
  const known = new Map<Key, () => Promise<T>>();
  return (key) => {
    const one = known.get(key) ?? remember(() => make(key));
    known.set(key, one);
    return one();
  };
}
