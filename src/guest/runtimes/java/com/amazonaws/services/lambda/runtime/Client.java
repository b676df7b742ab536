package com.amazonaws.services.lambda.runtime;

/** The mobile app of a ClientContext. */
public interface Client {
  String getInstallationId();

  String getAppTitle();

  String getAppVersionName();

  String getAppVersionCode();

  String getAppPackageName();
}
