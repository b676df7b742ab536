package mayfly.handlers;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a caller of AWS Lambda's API told of itself. @param given JSON, in which anything may stand */
record GivenClient(Map<?, ?> given) implements ClientContext {
  @Override
  public Client getClient() {
    return given.get("client") instanceof Map<?, ?> client ? new App(client) : null;
  }

  @Override
  public Map<String, String> getCustom() {
    return texts(given.get("custom"));
  }

  @Override
  public Map<String, String> getEnvironment() {
    return texts(given.get("env"));
  }

  private static Map<String, String> texts(Object value) {
    if (!(value instanceof Map<?, ?> map)) return null;
    Map<String, String> texts = new LinkedHashMap<>();
    map.forEach((name, each) -> texts.put(String.valueOf(name), each == null ? null : String.valueOf(each)));
    return texts;
  }

  private record App(Map<?, ?> client) implements Client {
    private String text(String name) {
      return client.get(name) instanceof String text ? text : null;
    }

    @Override
    public String getInstallationId() {
      return text("installation_id");
    }

    @Override
    public String getAppTitle() {
      return text("app_title");
    }

    @Override
    public String getAppVersionName() {
      return text("app_version_name");
    }

    @Override
    public String getAppVersionCode() {
      return text("app_version_code");
    }

    @Override
    public String getAppPackageName() {
      return text("app_package_name");
    }
  }
}
