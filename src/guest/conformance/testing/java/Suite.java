package suite;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The suite's functions, as methods of their names. */
public final class Suite {
  private static final CountDownLatch opened = new CountDownLatch(1);

  @SuppressWarnings("unchecked")
  private static Map<String, String> query(Map<String, Object> event) {
    return (Map<String, String>) event.get("queryStringParameters");
  }

  private static int number(Map<String, Object> event, String name) {
    return Integer.parseInt(query(event).get(name));
  }

  public Object echo(Map<String, Object> event) {
    Map<?, ?> http = (Map<?, ?>) ((Map<?, ?>) event.get("requestContext")).get("http");
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put("statusCode", 201);
    reply.put("headers", Map.of("x-seen", http.get("method") + " " + event.get("rawPath")));
    reply.put("cookies", List.of("a=1", "b=2"));
    reply.put("body", event.get("body"));
    reply.put("isBase64Encoded", event.get("isBase64Encoded"));
    return reply;
  }

  public Object same(Object event) {
    return event;
  }

  public Object about(Object event, Context context) {
    return List.of(context.getAwsRequestId(), context.getFunctionName(), context.getFunctionVersion(), context.getRemainingTimeInMillis());
  }

  public Object replies(Map<String, Object> event) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (int at = 0; at < number(event, "times"); at++) {
      headers.put(query(event).get("name") + (at == 0 ? "" : at), query(event).get("value").repeat(number(event, "length")));
    }
    return Map.of("statusCode", number(event, "status"), "headers", headers);
  }

  public Object large(Map<String, Object> event) {
    return Map.of("statusCode", 200, "body", "x".repeat(number(event, "bytes")));
  }

  /** A stream handler gets its event as text. */
  private static String text(InputStream input) throws IOException {
    return new String(input.readAllBytes(), StandardCharsets.UTF_8);
  }

  private static int number(String event, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\"(\\d+)\"").matcher(event);
    if (!found.find()) throw new IllegalArgumentException("no parameter " + name);
    return Integer.parseInt(found.group(1));
  }

  private static void write(OutputStream output, String text) throws IOException {
    output.write(text.getBytes(StandardCharsets.UTF_8));
    output.flush();
  }

  public void streams(InputStream input, OutputStream output) throws IOException {
    String event = text(input);
    for (int at = 0; at < number(event, "chunks"); at++) write(output, String.valueOf((char) ('a' + at % 26)).repeat(number(event, "bytes")));
  }

  public void gate(InputStream input, OutputStream output) throws IOException, InterruptedException {
    if (text(input).contains("\"rawPath\":\"/open\"")) {
      opened.countDown();
      write(output, "opened");
      return;
    }
    write(output, "first");
    opened.await();
    write(output, "second");
  }

  public void midway(InputStream input, OutputStream output) throws IOException {
    write(output, "some");
    throw new IOException("midway");
  }

  public Object throwing() {
    return deeper();
  }

  private static Object deeper() {
    throw new IllegalStateException("thrown on purpose");
  }

  public Object unspeakable() {
    List<Object> list = new ArrayList<>();
    list.add(list);
    return list;
  }

  public Object sleeps(Map<String, Object> event) throws InterruptedException {
    Thread.sleep(number(event, "ms"));
    return "slept";
  }

  public Object listens() {
    System.out.println("listening");
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException error) {
      System.out.println("heard");
    }
    return null;
  }

  public Object computes(Map<String, Object> event) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long end = threads.getCurrentThreadCpuTime() + number(event, "ms") * 1_000_000L;
    while (threads.getCurrentThreadCpuTime() < end) Thread.onSpinWait();
    return "computed";
  }

  public Object prints(Map<String, Object> event) throws InterruptedException {
    System.out.print("begin-");
    System.out.println(query(event).get("word"));
    Thread.sleep(number(event, "ms"));
    System.err.println("end-" + query(event).get("word"));
    return null;
  }

  public Object draws() throws GeneralSecurityException {
    return List.of(
        Math.random(),
        new Random().nextLong(),
        ThreadLocalRandom.current().nextLong(),
        new SplittableRandom().nextLong(),
        UUID.randomUUID(),
        new SecureRandom().nextLong(),
        SecureRandom.getInstanceStrong().nextLong());
  }

  /** Java's shared generators take no seed; a generator of the app's own is gone at the next Bind. */
  public Object seeds() {
    return null;
  }

  public Object exits() {
    System.out.println("the last words");
    System.exit(3);
    return null;
  }

  public Object crashes() throws IOException, InterruptedException {
    System.out.print("the last words");
    new ProcessBuilder("/bin/sh", "-c", "kill -9 $PPID").start().waitFor();
    return null;
  }
}
