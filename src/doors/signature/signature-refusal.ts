/** Why a signed request was not accepted, with the name and the words of AWS's own services. */
export type SignatureFault =
  | "MissingAuthenticationTokenException"
  | "IncompleteSignatureException"
  | "UnrecognizedClientException"
  | "InvalidSignatureException";

export class SignatureRefusal extends Error {
  readonly fault: SignatureFault;
  /** Whether the request is signed as it has to be, but by a key that nobody has, or otherwise than that key's holder would have signed it. */
  readonly isOfKey: boolean;

  constructor(fault: SignatureFault, message: string, isOfKey = false) {
    super(message);
    this.name = fault;
    this.fault = fault;
    this.isOfKey = isOfKey;
  }
}

export function incomplete(message: string): SignatureRefusal {
  return new SignatureRefusal("IncompleteSignatureException", message);
}

export function invalid(message: string): SignatureRefusal {
  return new SignatureRefusal("InvalidSignatureException", message);
}

/** The key is unknown. AWS says the same of a key that was revoked. */
export function unknownKey(): SignatureRefusal {
  return new SignatureRefusal("UnrecognizedClientException", "The security token included in the request is invalid.", true);
}

export function doesNotMatch(): SignatureRefusal {
  return new SignatureRefusal(
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    true,
  );
}
