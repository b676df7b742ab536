export async function handler(): Promise<never> {
  throw new Error('<img src=x onerror="globalThis.taken = 1"> \u202Eesrever');
}
