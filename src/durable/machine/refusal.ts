/** A checkpoint that cannot be, in AWS's words. What it asked for is not done, none of it. */
export class Refusal extends Error {}

export function refuse(text: string): never {
  throw new Refusal(text);
}
