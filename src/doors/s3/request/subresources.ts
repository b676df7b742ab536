/** Parameters that name a part of a bucket or object which has operations of its own on AWS. Where they are not here, the request is refused, not taken for another one. */
const subresources = new Set(
  (
    "accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle location logging metrics notification object-lock " +
    "ownershipControls partNumber policy policyStatus publicAccessBlock replication requestPayment restore retention select tagging torrent uploadId uploads versioning versions website"
  ).split(" "),
);

export function isSubresource(name: string): boolean {
  return subresources.has(name);
}
