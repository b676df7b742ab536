package com.amazonaws.services.lambda.runtime;

import java.nio.charset.StandardCharsets;

/** The logger for code that has no Context, such as appenders of logging libraries. */
public final class LambdaRuntime {
  private static final LambdaLogger logger =
      new LambdaLogger() {
        @Override
        public void log(String message) {
          System.out.print(message);
        }

        @Override
        public void log(byte[] message) {
          System.out.print(new String(message, StandardCharsets.UTF_8));
        }
      };

  private LambdaRuntime() {}

  public static LambdaLogger getLogger() {
    return logger;
  }
}
