/** Thrown if an archive breaks a rule of its format or one of Mayfly's; the message says which. */
export class UnsoundArchive extends Error {}

export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new UnsoundArchive(otherwise);
}
