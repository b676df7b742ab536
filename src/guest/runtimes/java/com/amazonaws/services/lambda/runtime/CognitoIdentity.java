package com.amazonaws.services.lambda.runtime;

/** Who has signed in by Amazon Cognito. */
public interface CognitoIdentity {
  String getIdentityId();

  String getIdentityPoolId();
}
