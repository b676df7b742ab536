package mayfly.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How a value is made of a class that has no constructor without parameters: records, Kotlin's data classes, classes with final fields, such as those of S3's events. Its constructor with the most parameters is called whose parameters have names: their own, or else those of the class's fields in the order in
 * which they stand, if there are as many of the same types.
 */
final class Immutable {
  private final Constructor<?> constructor;
  private final String[] names;

  private Immutable(Constructor<?> constructor, String[] names) {
    this.constructor = constructor;
    this.names = names;
    constructor.setAccessible(true);
  }

  /** @throws IllegalArgumentException if the class has no such constructor */
  static Immutable of(Class<?> type) {
    List<Field> fields = fieldsOf(type);
    Constructor<?>[] all = type.getDeclaredConstructors();
    Arrays.sort(all, Comparator.<Constructor<?>>comparingInt(Constructor::getParameterCount).reversed());
    for (Constructor<?> each : all) {
      String[] names = each.isSynthetic() || each.getParameterCount() == 0 ? null : namesOf(each, fields);
      if (names != null) return new Immutable(each, names);
    }
    throw new IllegalArgumentException(type.getName() + " has no constructor without parameters, and none whose parameters have names");
  }

  /** By the constructor that has the record's components. */
  static Immutable ofRecord(Class<?> type) {
    RecordComponent[] components = type.getRecordComponents();
    try {
      Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      return new Immutable(type.getDeclaredConstructor(types), Arrays.stream(components).map(RecordComponent::getName).toArray(String[]::new));
    } catch (NoSuchMethodException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  /** @param used gets the names that were found */
  Object make(Map<?, ?> values, Types resolved, Set<Object> used) {
    Type[] types = constructor.getGenericParameterTypes();
    if (types.length != names.length) types = constructor.getParameterTypes();
    Object[] given = new Object[names.length];
    for (int at = 0; at < names.length; at++) {
      Object key = keyOf(values, names[at]);
      if (key != null) used.add(key);
      given[at] = Conversion.convert(key == null ? null : values.get(key), resolved.resolve(types[at]), names[at]);
    }
    try {
      return constructor.newInstance(given);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException("the constructor of " + constructor.getName() + " threw " + error.getCause(), error.getCause());
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  private static Object keyOf(Map<?, ?> values, String name) {
    if (values.containsKey(name)) return name;
    String loosely = Names.loosely(name);
    for (Object key : values.keySet()) if (Names.loosely((String) key).equals(loosely)) return key;
    return null;
  }

  private static String[] namesOf(Constructor<?> constructor, List<Field> fields) {
    Parameter[] parameters = constructor.getParameters();
    String[] names = new String[parameters.length];
    for (int at = 0; at < parameters.length; at++) {
      if (parameters[at].isNamePresent()) names[at] = parameters[at].getName();
      else if (parameters.length == fields.size() && fits(parameters[at], fields.get(at))) names[at] = fields.get(at).getName();
      else return null;
    }
    return names;
  }

  /** A text may be what the constructor makes the field's value of. */
  private static boolean fits(Parameter parameter, Field field) {
    return parameter.getType() == field.getType() || parameter.getType() == String.class;
  }

  /** Those of the classes that it inherits from come first. */
  private static List<Field> fieldsOf(Class<?> type) {
    if (type == null || type == Object.class) return new ArrayList<>();
    List<Field> fields = fieldsOf(type.getSuperclass());
    for (Field each : type.getDeclaredFields()) if (!Modifier.isStatic(each.getModifiers()) && !each.isSynthetic()) fields.add(each);
    return fields;
  }
}
