package mayfly.code;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import mayfly.net.Authority;

/**
 * Makes the environment as an app sees it: its own variables, and only those of the machine's that programs need to run. Java has no way to set a variable, so this changes the map that System.getenv shows and from which child processes get theirs.
 */
public final class Environment {
  private Environment() {}

  private static final Set<String> KEPT = Set.of("PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH");

  /** The folder of the app's files. */
  public static final Path taskRoot = Path.of(given("MAYFLY_TASK_ROOT", "/var/task")).toAbsolutePath().normalize();

  /** The files of AWS Lambda's layers. In machines, code finds them as /opt, too. */
  static final Path layers = taskRoot.resolve(".mayfly-layers");

  /** The folder for temporary files, for which Java itself does not look into the environment. */
  static final Path temporary = Path.of(given("TMPDIR", System.getProperty("java.io.tmpdir")));

  /** OSv claims to be Linux when asked, so what starts the guest says so. */
  public static final boolean onOsv = "osv".equals(System.getenv("MAYFLY_GUEST"));

  /** @param message the BindMessage */
  public static void set(Map<?, ?> message) throws IOException, ReflectiveOperationException {
    Map<String, String> wanted = wanted(message);
    Map<Object, Object> variables = variables();
    variables.keySet().removeIf(name -> !KEPT.contains(name.toString()));
    Method variable = maker("Variable");
    Method value = maker("Value");
    for (Map.Entry<String, String> entry : wanted.entrySet()) {
      variables.put(variable.invoke(null, entry.getKey()), value.invoke(null, entry.getValue()));
    }
    // Java has read this one at its start.
    if (wanted.containsKey("TZ")) TimeZone.setDefault(TimeZone.getTimeZone(withoutColon(wanted.get("TZ"))));
  }

  private static Map<String, String> wanted(Map<?, ?> message) throws IOException {
    String app = (String) message.get("app");
    String revision = (String) message.get("revision");
    List<?> functions = (List<?>) message.get("functions");
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put("MAYFLY_APP", app);
    wanted.put("MAYFLY_VERSION", revision);
    // Code written for AWS Lambda reads these.
    wanted.put("AWS_LAMBDA_FUNCTION_NAME", functions.size() == 1 ? (String) ((Map<?, ?>) functions.get(0)).get("name") : app);
    wanted.put("AWS_LAMBDA_FUNCTION_VERSION", revision);
    wanted.put("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", String.valueOf(message.get("memoryMb")));
    wanted.put("LAMBDA_TASK_ROOT", taskRoot.toString());
    if (Boolean.TRUE.equals(message.get("snapshot"))) wanted.put("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start");
    if (!functions.isEmpty() && ((Map<?, ?>) functions.get(0)).get("lambda") instanceof Map<?, ?> facts) {
      wanted.putAll(ofLambda(facts, (Map<?, ?>) functions.get(0), Boolean.TRUE.equals(message.get("snapshot"))));
    }
    if (message.get("authority") instanceof String authority) wanted.putAll(trusting(authority));
    ((Map<?, ?>) message.get("env")).forEach((name, value) -> wanted.put((String) name, (String) value));
    return wanted;
  }

  private static final String usualPath = given("PATH", "/usr/bin:/bin");

  /** The driver `process` has no machines: there the folders have other names. */
  private static final boolean isMachine = taskRoot.equals(Path.of("/var/task"));

  /** The variables that AWS documents, for a function that was made by AWS Lambda's API. */
  private static Map<String, String> ofLambda(Map<?, ?> facts, Map<?, ?> function, boolean snapshot) {
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put("AWS_LAMBDA_FUNCTION_NAME", (String) facts.get("functionName"));
    wanted.put("AWS_LAMBDA_FUNCTION_VERSION", (String) facts.get("version"));
    wanted.put("AWS_LAMBDA_LOG_GROUP_NAME", (String) facts.get("logGroup"));
    wanted.put("AWS_LAMBDA_LOG_STREAM_NAME", (String) facts.get("logStream"));
    wanted.put("AWS_LAMBDA_INITIALIZATION_TYPE", snapshot ? "snap-start" : "on-demand");
    wanted.put("AWS_EXECUTION_ENV", "AWS_Lambda_" + facts.get("runtime"));
    wanted.put("AWS_REGION", (String) facts.get("region"));
    wanted.put("AWS_DEFAULT_REGION", (String) facts.get("region"));
    // Without this, AWS's X-Ray SDK throws where nothing is traced.
    wanted.put("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    wanted.put("LAMBDA_RUNTIME_DIR", "/var/runtime");
    wanted.put("LANG", "en_US.UTF-8");
    wanted.put("TZ", ":UTC");
    String opt = isMachine ? "/opt" : layers.toString();
    // A machine has programs and libraries in some of AWS's folders, and none in the others.
    wanted.put("PATH", isMachine ? "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin" : usualPath + ":" + opt + "/bin");
    wanted.put("LD_LIBRARY_PATH", "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:" + taskRoot + ":" + taskRoot + "/lib:" + opt + "/lib");
    wanted.put("_HANDLER", (String) function.get("handler"));
    return wanted;
  }

  private static Map<String, String> trusting(String authority) throws IOException {
    try {
      return Authority.trust(authority, temporary);
    } catch (GeneralSecurityException error) {
      throw new IOException("the authority cannot be trusted: " + error.getMessage(), error);
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<Object, Object> variables() throws ReflectiveOperationException {
    Field field = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theEnvironment");
    field.setAccessible(true);
    return (Map<Object, Object>) field.get(null);
  }

  private static Method maker(String part) throws ReflectiveOperationException {
    Method method = Class.forName("java.lang.ProcessEnvironment$" + part).getDeclaredMethod("valueOf", String.class);
    method.setAccessible(true);
    return method;
  }

  /** POSIX has a colon before the name of a zone, and AWS Lambda gives it so. */
  private static String withoutColon(String zone) {
    return zone.startsWith(":") ? zone.substring(1) : zone;
  }

  private static String given(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }
}
