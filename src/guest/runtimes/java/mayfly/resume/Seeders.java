package mayfly.resume;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import jdk.internal.misc.Unsafe;

/**
 * The generators from which Java seeds new instances of the algorithms SHA1PRNG and DRBG. Each takes its own seed from the kernel when it is first used, and never again: in clones of a machine that had used it before it was frozen, new instances would draw the same.
 */
final class Seeders {
  private Seeders() {}

  static void mixIn(byte[] bytes) throws ReflectiveOperationException {
    Object ofSha1 = seederOf("sun.security.provider.SecureRandom");
    if (ofSha1 != null) mixInto(ofSha1, ofSha1.getClass(), bytes);
    Object ofDrbg = seederOf("sun.security.provider.AbstractDrbg");
    if (ofDrbg == null) return;
    // It is a lambda, which has nothing but the generator.
    Object generator = valueOf(ofDrbg.getClass().getDeclaredFields()[0], ofDrbg);
    mixInto(generator, Class.forName("sun.security.provider.AbstractDrbg"), bytes);
  }

  /** Null if it is not there yet. */
  private static Object seederOf(String algorithm) throws ReflectiveOperationException {
    Class<?> holder = Class.forName(algorithm + "$SeederHolder", false, null);
    return Unsafe.getUnsafe().shouldBeInitialized(holder) ? null : valueOf(holder.getDeclaredField("seeder"), null);
  }

  private static Object valueOf(Field field, Object of) throws ReflectiveOperationException {
    field.setAccessible(true);
    return field.get(of);
  }

  private static void mixInto(Object generator, Class<?> type, byte[] bytes) throws ReflectiveOperationException {
    Method set = type.getDeclaredMethod("engineSetSeed", byte[].class);
    set.setAccessible(true);
    set.invoke(generator, bytes);
  }
}
