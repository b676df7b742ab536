const known = new WeakMap<object, Buffer>();

/** The JSON of an object that does not change, made once for all who want it: hundreds may get the same large event. */
export function jsonBytes(value: object): Buffer {
  let bytes = known.get(value);
  if (bytes === undefined) {
    bytes = Buffer.from(JSON.stringify(value));
    known.set(value, bytes);
  }
  return bytes;
}
