/**
 * Hears of pushes to a repository of GitHub, and of nothing else, by the filter in mayfly.json. Mayfly checks the signature, and a delivery that GitHub sends again is not run again.
 *
 *   mayfly secret set webhook GITHUB_HOOK      the secret that you enter at GitHub, too
 *   mayfly trigger list webhook                prints the path to enter there, below the gateway's address
 *   mayfly trigger fire webhook github --data '{"type":"push","body":{"ref":"refs/heads/main","commits":[{}]}}'
 *   mayfly logs webhook
 */
interface Delivery {
  body: { ref?: string; commits?: unknown[] };
}

export async function handler({ body }: Delivery): Promise<string> {
  const text = `${body.commits?.length ?? 0} commits to ${body.ref}`;
  console.log(text);
  return text;
}
