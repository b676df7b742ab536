package mayfly.handlers;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import mayfly.invocation.Invocation;
import mayfly.log.Log;
import mayfly.wire.Protocol.Level;

/** The last argument of Lambda handlers. Nobody signs in by Cognito here. @param given what the caller of AWS Lambda's API said; empty for other calls */
record LambdaContext(Invocation invocation, AppFacts app, Map<?, ?> given, Log log) implements Context, LambdaLogger {
  LambdaContext(Invocation invocation, AppFacts app, Log log) {
    this(invocation, app, invocation.head().lambda(), log);
  }

  /** What the function was told when it was loaded. @param otherwise of a function that AWS Lambda's API did not make */
  private String fact(String name, String otherwise) {
    return app.lambda().get(name) instanceof String known ? known : otherwise;
  }

  /** The id in this invocation's logs and in the reply's X-Mayfly-Invocation header. */
  @Override
  public String getAwsRequestId() {
    return invocation.head().id;
  }

  @Override
  public String getLogGroupName() {
    return fact("logGroup", "/mayfly/" + app.name());
  }

  @Override
  public String getLogStreamName() {
    return fact("logStream", invocation.head().revision);
  }

  @Override
  public String getFunctionName() {
    return fact("functionName", invocation.head().function);
  }

  @Override
  public String getFunctionVersion() {
    return fact("version", invocation.head().revision);
  }

  @Override
  public String getInvokedFunctionArn() {
    if (given.get("arn") instanceof String arn) return arn;
    return fact("arn", "arn:aws:lambda:mayfly:000000000000:function:" + app.name() + "-" + getFunctionName());
  }

  @Override
  public CognitoIdentity getIdentity() {
    return null;
  }

  @Override
  public ClientContext getClientContext() {
    return given.get("client") instanceof Map<?, ?> client ? new GivenClient(client) : null;
  }

  @Override
  public int getRemainingTimeInMillis() {
    return (int) Math.min(Integer.MAX_VALUE, invocation.remainingMs());
  }

  @Override
  public int getMemoryLimitInMB() {
    return app.memoryMb();
  }

  @Override
  public LambdaLogger getLogger() {
    return this;
  }

  @Override
  public void log(String message) {
    log(message, LogLevel.INFO);
  }

  @Override
  public void log(byte[] message) {
    log(message, LogLevel.INFO);
  }

  @Override
  public void log(String message, LogLevel level) {
    log(String.valueOf(message).getBytes(StandardCharsets.UTF_8), level);
  }

  /** One entry, whether or not the text ends its last line. */
  @Override
  public void log(byte[] message, LogLevel level) {
    boolean isEnded = message.length > 0 && message[message.length - 1] == '\n';
    log.write(invocation, levelOf(level), isEnded ? Arrays.copyOf(message, message.length - 1) : message, false);
  }

  private static int levelOf(LogLevel level) {
    switch (level) {
      case TRACE:
      case DEBUG:
        return Level.DEBUG;
      case WARN:
        return Level.WARN;
      case ERROR:
      case FATAL:
        return Level.ERROR;
      default:
        return Level.INFO;
    }
  }
}
