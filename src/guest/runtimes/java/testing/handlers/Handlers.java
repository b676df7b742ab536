package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Handlers by their methods' names. */
public class Handlers {
  private static final AtomicInteger calls = new AtomicInteger();
  private static final CountDownLatch both = new CountDownLatch(2);

  static {
    System.out.println("Handlers is loaded");
  }

  public Map<String, Object> event(Map<String, Object> event, Context context) {
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("event", event);
    seen.put("id", context.getAwsRequestId());
    seen.put("name", context.getFunctionName());
    seen.put("version", context.getFunctionVersion());
    seen.put("memory", context.getMemoryLimitInMB());
    seen.put("arn", context.getInvokedFunctionArn());
    seen.put("left", context.getRemainingTimeInMillis());
    return seen;
  }

  public static class Response {
    public int getStatusCode() {
      return 201;
    }

    public Map<String, String> getHeaders() {
      return Map.of("X-A", " one ");
    }

    public List<String> getCookies() {
      return List.of("a=1", "b=2");
    }

    public String getBody() {
      return "bWFkZQ==";
    }

    public boolean getIsBase64Encoded() {
      return true;
    }
  }

  public Response full() {
    return new Response();
  }

  public static String text(String input) {
    return "got " + input;
  }

  public String text(String input, Context context) {
    return text(input) + " for " + context.getFunctionName();
  }

  public List<Integer> numbers(List<Integer> numbers) {
    numbers.add(numbers.get(0) + 1);
    return numbers;
  }

  public Object same(Object input) {
    return input;
  }

  public void nothing() {}

  public byte[] large() {
    return "0123456789".repeat(50_000).getBytes(StandardCharsets.US_ASCII);
  }

  public Object badHead() {
    return Map.of("statusCode", 200, "headers", Map.of("x y", "1"));
  }

  public Object circular() {
    List<Object> list = new ArrayList<>();
    list.add(list);
    return list;
  }

  public Object thread() {
    return Map.of("thread", Thread.currentThread());
  }

  public Object fails(Map<String, Object> event) {
    try {
      deeper();
    } catch (IllegalStateException error) {
      throw new IllegalArgumentException("no luck", error);
    }
    return null;
  }

  private static void deeper() {
    throw new IllegalStateException("deep down");
  }

  public Object recurses() {
    return recurses();
  }

  public Object logs(Map<String, Object> event, Context context) throws Exception {
    System.out.print("one");
    System.out.println(" line");
    System.out.printf("%s%n%s%n", "two", "lines");
    System.err.println("to err ü€😀");
    byte[] umlaut = "ö".getBytes(StandardCharsets.UTF_8);
    System.out.write(umlaut[0]);
    System.out.write(umlaut[1]);
    System.out.println();
    context.getLogger().log("by the context\n");
    context.getLogger().log("a warning", LogLevel.WARN);
    Logger.getLogger("shop").log(Level.WARNING, "of {0}", "logging");
    Logger.getLogger("shop").log(Level.FINE, "not shown");
    Thread child = new Thread(() -> System.out.println("in a thread"));
    child.start();
    child.join();
    Thread dies = new Thread(() -> { throw new IllegalStateException("in a thread of its own"); });
    dies.start();
    dies.join();
    return "logged";
  }

  public Object longLine() {
    System.out.println("ü".repeat(20_000));
    return null;
  }

  public Object flood() {
    for (int at = 0; at < 200_000; at++) System.out.println("flood " + at);
    return "flooded";
  }

  public Object both() throws InterruptedException {
    both.countDown();
    both.await();
    return "both";
  }

  public Object waits() throws InterruptedException {
    Thread.sleep(50);
    return calls.incrementAndGet();
  }

  public Object computes() {
    long end = System.nanoTime() + 30_000_000;
    long sum = 0;
    while (System.nanoTime() < end) sum++;
    return sum > 0;
  }

  public Object sleeps() throws InterruptedException {
    System.out.println("falls asleep");
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException error) {
      System.out.println("was woken");
      throw error;
    }
    return null;
  }

  public Object stubborn() {
    for (int wakes = 0; wakes < 1; ) {
      try {
        Thread.sleep(60_000);
      } catch (InterruptedException error) {
        wakes++;
      }
    }
    return "too late";
  }

  public Object exits() {
    System.out.println("about to leave");
    System.exit(3);
    return null;
  }

  public Object eats() {
    List<byte[]> all = new ArrayList<>();
    for (;;) all.add(new byte[1_000_000]);
  }

  public Object environment() {
    return new TreeMap<>(System.getenv());
  }

  public Object files(Map<String, Object> event) throws IOException {
    String relative = Files.readString(Path.of("data/words.txt"));
    String resource;
    try (InputStream stream = Thread.currentThread().getContextClassLoader().getResourceAsStream("data/words.txt")) {
      resource = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
    return List.of(relative, resource, Files.isExecutable(Path.of("run.sh")));
  }

  public Object random() {
    return List.of(
        Math.random(),
        new java.util.Random().nextLong(),
        java.util.concurrent.ThreadLocalRandom.current().nextLong(),
        new java.util.SplittableRandom().nextLong(),
        java.util.UUID.randomUUID(),
        new java.security.SecureRandom().nextLong());
  }

  public Object sees(Map<String, Object> event) {
    Map<String, Object> seen = new LinkedHashMap<>();
    for (String name : new String[] {"mayfly.Agent", "warm.Plain", "com.amazonaws.services.lambda.runtime.Context", "shop.Library"}) {
      try {
        seen.put(name, Class.forName(name).getClassLoader() == getClass().getClassLoader() ? "own" : "shared");
      } catch (ClassNotFoundException error) {
        seen.put(name, null);
      }
    }
    return seen;
  }

  public void echo(InputStream input, OutputStream output) throws IOException {
    input.transferTo(output);
  }

  /** Counts what it could write before nobody took it any more. */
  public void endless(InputStream input, OutputStream output, Context context) throws IOException {
    byte[] chunk = new byte[10_000];
    java.util.Arrays.fill(chunk, (byte) 'x');
    try {
      for (;;) output.write(chunk);
    } catch (IOException error) {
      System.out.println("stopped by " + error.getClass().getSimpleName());
      throw error;
    }
  }

  public void numbered(InputStream input, OutputStream output) throws IOException {
    for (int at = 0; at < 200; at++) output.write(String.valueOf(at % 10).repeat(1_000).getBytes(StandardCharsets.US_ASCII));
  }

  public void withHead(InputStream input, OutputStream output) throws IOException {
    output.write("{\"statusCode\":202,\"headers\":{\"x-s\":\"yes\"},\"cookies\":[\"c=3\"]}".getBytes(StandardCharsets.UTF_8));
    output.write(new byte[8]);
    output.write("{body".getBytes(StandardCharsets.UTF_8));
    output.flush();
    output.write("}".getBytes(StandardCharsets.UTF_8));
  }

  public void wholeReply(InputStream input, OutputStream output) throws IOException {
    output.write("{\"statusCode\":203,\"body\":\"whole\"}".getBytes(StandardCharsets.UTF_8));
    output.flush();
  }

  public void midway(InputStream input, OutputStream output) throws IOException {
    output.write("some".getBytes(StandardCharsets.UTF_8));
    output.flush();
    throw new IOException("midway");
  }
}
