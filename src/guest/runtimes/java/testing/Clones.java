import java.lang.reflect.Field;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import mayfly.resume.Resume;

/** Puts what Java seeds new generators from into one state, as it is in all clones of a machine, and prints what new generators draw after a Resume with other entropy. */
public final class Clones {
  private Clones() {}

  private static final String[] ALGORITHMS = {"SHA1PRNG", "DRBG"};

  public static void main(String[] ignored) throws Exception {
    for (byte entropy = 1; entropy <= 2; entropy++) {
      // What seeds them is made now, if it was not.
      for (String algorithm : ALGORITHMS) SecureRandom.getInstance(algorithm).nextLong();
      freeze();
      Map<String, Object> message = new LinkedHashMap<>();
      byte[] bytes = new byte[64];
      Arrays.fill(bytes, entropy);
      message.put("now", (double) System.currentTimeMillis());
      message.put("entropy", Base64.getEncoder().encodeToString(bytes));
      message.put("protocol", Map.of("min", 3, "max", 3));
      System.out.println(Resume.answer(message, "fd", true).failures());
      for (String algorithm : ALGORITHMS) System.out.println(SecureRandom.getInstance(algorithm).nextLong());
    }
  }

  private static void freeze() throws ReflectiveOperationException {
    Object sha1 = valueOf("sun.security.provider.SecureRandom$SeederHolder", "seeder", null);
    Arrays.fill((byte[]) valueOf("sun.security.provider.SecureRandom", "state", sha1), (byte) 1);
    set("sun.security.provider.SecureRandom", "remainder", sha1, null);
    Object drbg = valueOf("sun.security.provider.AbstractDrbg$SeederHolder", "seeder", null);
    Field captured = drbg.getClass().getDeclaredFields()[0];
    captured.setAccessible(true);
    Object hash = captured.get(drbg);
    for (String name : new String[] {"v", "c"}) Arrays.fill((byte[]) valueOf("sun.security.provider.HashDrbg", name, hash), (byte) 1);
    set("sun.security.provider.AbstractDrbg", "reseedCounter", hash, 1);
    // The number that goes into each new instance's seed.
    Arrays.fill((byte[]) valueOf("sun.security.provider.AbstractDrbg$NonceProvider", "block", null), (byte) 1);
  }

  private static Object valueOf(String type, String name, Object of) throws ReflectiveOperationException {
    return field(type, name).get(of);
  }

  private static void set(String type, String name, Object of, Object value) throws ReflectiveOperationException {
    field(type, name).set(of, value);
  }

  private static Field field(String type, String name) throws ReflectiveOperationException {
    Field field = Class.forName(type).getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
