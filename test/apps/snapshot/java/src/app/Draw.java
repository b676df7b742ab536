package app;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.crac.Core;
import org.crac.Resource;

/** Tells what its initialisation drew, and draws more. */
public final class Draw implements RequestHandler<Map<String, Object>, Map<String, Object>>, Resource {
  private static final SecureRandom secure = new SecureRandom();
  private static final String atStart = UUID.randomUUID() + " " + Math.random() + " " + secure.nextLong();

  private String hooks = "";

  public Draw() {
    System.out.println("initialising");
    Core.getGlobalContext().register(this);
  }

  @Override
  public void beforeCheckpoint(org.crac.Context<? extends Resource> context) {
    hooks += "before ";
  }

  @Override
  public void afterRestore(org.crac.Context<? extends Resource> context) {
    hooks += "after";
  }

  @Override
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put("atStart", atStart);
    reply.put("hooks", hooks);
    reply.put("now", System.currentTimeMillis());
    reply.put(
        "drawn",
        List.of(
            UUID.randomUUID().toString(),
            secure.nextLong() + "",
            new SecureRandom().nextLong() + "",
            new Random().nextLong() + "",
            ThreadLocalRandom.current().nextLong() + "",
            Math.random()));
    return reply;
  }
}
