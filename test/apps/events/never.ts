export async function handler(): Promise<never> {
  throw new Error("it never works");
}
