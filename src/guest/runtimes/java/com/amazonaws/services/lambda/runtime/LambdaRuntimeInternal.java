package com.amazonaws.services.lambda.runtime;

/** AWS's appender for Log4j says here that it is used. */
public final class LambdaRuntimeInternal {
  private static volatile boolean useLog4jAppender;

  private LambdaRuntimeInternal() {}

  public static void setUseLog4jAppender(boolean use) {
    useLog4jAppender = use;
  }

  public static boolean getUseLog4jAppender() {
    return useLog4jAppender;
  }
}
