package dev.tare.jobs.cli;

import dev.tare.engine.target.Targets;
import dev.tare.jobs.artifact.RunId;
import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.calibrate.Channels;
import dev.tare.jobs.calibrate.CollectedKinds;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.image.ChannelOrder;
import dev.tare.jobs.image.ChannelValues;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImageSize;
import dev.tare.jobs.image.Layout;
import dev.tare.jobs.image.Resize;
import dev.tare.jobs.input.DataFormat;
import dev.tare.jobs.input.RowChoice;
import dev.tare.jobs.storage.IfFinished;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Converts the text of an option, typed or from a file, to a value; errors say what is valid. */
final class Converters {

  /** Converters by type, for options that name none. */
  private static final Map<Class<?>, ITypeConverter<?>> BY_TYPE =
      Map.ofEntries(
          type(String.class, Converters::notEmpty),
          type(Double.class, Converters::real),
          type(Duration.class, Converters::age),
          type(ImageSize.class, text -> parsed(ImageSize::parse, text)),
          type(ChannelValues.class, text -> parsed(ChannelValues::parse, text)),
          type(ExportCommand.Format.class, text -> choice(text, ExportCommand.Format.values())),
          type(DataFormat.class, text -> choice(text, DataFormat.values())),
          type(RowChoice.class, text -> choice(text, RowChoice.values())),
          type(Resize.class, text -> choice(text, Resize.values())),
          type(ChannelOrder.class, text -> choice(text, ChannelOrder.values())),
          type(Layout.class, text -> choice(text, Layout.values())),
          type(Channels.class, text -> choice(text, Channels.values())),
          type(CollectedKinds.class, text -> parsed(CollectedKinds::parse, text)),
          type(IfFinished.class, text -> choice(text, IfFinished.values())));

  private static final Pattern AGE = Pattern.compile("([0-9]{1,6})([dhm])");

  private Converters() {}

  private static <T> Map.Entry<Class<?>, ITypeConverter<?>> type(
      Class<T> type, ITypeConverter<T> converter) {
    return Map.entry(type, converter);
  }

  /** Registers the converters with a command line and its subcommands. */
  static void register(CommandLine line) {
    BY_TYPE.forEach((type, converter) -> register(line, type, converter));
  }

  @SuppressWarnings("unchecked")
  private static <T> void register(CommandLine line, Class<T> type, ITypeConverter<?> converter) {
    line.registerConverter(type, (ITypeConverter<T>) converter);
  }

  /** Returns the converters of an option: its own, or the one of its type. */
  static List<ITypeConverter<?>> of(OptionSpec option) {
    if (option.converters().length > 0) {
      return List.of(option.converters());
    }
    ITypeConverter<?> converter = BY_TYPE.get(option.type());
    return converter == null ? List.of() : List.of(converter);
  }

  private static String notEmpty(String value) {
    if (value.isBlank()) {
      throw new TypeConversionException("it is empty");
    }
    return value;
  }

  /** Parses an age such as 7d, 12h or 30m. */
  private static Duration age(String value) {
    Matcher age = AGE.matcher(value);
    if (!age.matches()) {
      throw new TypeConversionException(
          "'%s' is not a number with d, h or m, such as 7d".formatted(value));
    }
    long amount = Long.parseLong(age.group(1));
    return switch (age.group(2)) {
      case "d" -> Duration.ofDays(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofMinutes(amount);
    };
  }

  static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, 1, Integer.MAX_VALUE));
    }
  }

  /** Samples in one call of the model, for which buffers are allocated. */
  static final class BatchSize implements ITypeConverter<Integer> {
    private static final int MOST = 65_536;

    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, 1, MOST));
    }
  }

  /** Tasks of a job, which the driver keeps track of. */
  static final class Partitions implements ITypeConverter<Integer> {
    private static final int MOST = 100_000;

    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, 1, MOST));
    }
  }

  /** Rows, tokens and lines that the driver or a task keeps in memory. */
  static final class Million implements ITypeConverter<Integer> {
    private static final int MOST = 1_000_000;

    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, 1, MOST));
    }
  }

  static final class Megabytes implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, 0, Million.MOST));
    }
  }

  static final class NotNegative implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      return whole(value, 0, Long.MAX_VALUE);
    }
  }

  static final class MantissaBits implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, ObserveOptions.MIN_BITS, ObserveOptions.MAX_BITS));
    }
  }

  static final class Cosine implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double cosine = real(value);
      if (!(cosine >= -1 && cosine <= 1)) {
        throw new TypeConversionException("'%s' is not between -1 and 1".formatted(value));
      }
      return cosine;
    }
  }

  static final class Target implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
      try {
        return Targets.of(value).name();
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  static final class Limit implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double limit = real(value);
      if (limit < 0) {
        throw new TypeConversionException("'%s' is less than 0".formatted(value));
      }
      return limit;
    }
  }

  static final class Flag implements ITypeConverter<Boolean> {
    @Override
    public Boolean convert(String value) {
      return switch (value) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new TypeConversionException("'%s' is not true or false".formatted(value));
      };
    }
  }

  static final class Run implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
      try {
        return RunId.check(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  static final class Deviations implements ITypeConverter<ChannelValues> {
    @Override
    public ChannelValues convert(String value) {
      ChannelValues values = parsed(ChannelValues::parse, value);
      if (values.values().stream().anyMatch(std -> std <= 0)) {
        throw new TypeConversionException("'%s' is not above 0".formatted(value));
      }
      return values;
    }
  }

  static final class PixelValue implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double pixel = real(value);
      if (!(pixel >= 0 && pixel <= 255)) {
        throw new TypeConversionException("'%s' is not between 0 and 255".formatted(value));
      }
      return pixel;
    }
  }

  static final class Pixels implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return Math.toIntExact(whole(value, 1, ImageOptions.MOST_PIXELS));
    }
  }

  private static <E extends Enum<E>> E choice(String value, E[] choices) {
    return Arrays.stream(choices)
        .filter(choice -> Settings.word(choice).equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'%s' is not one of %s"
                        .formatted(
                            value,
                            Arrays.stream(choices)
                                .map(Settings::word)
                                .collect(Collectors.joining(", ")))));
  }

  private static <T> T parsed(Function<String, T> parse, String value) {
    try {
      return parse.apply(value);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  private static long whole(String value, long least, long most) {
    long number;
    try {
      number = Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'%s' is not a whole number".formatted(value));
    }
    if (number < least || number > most) {
      throw new TypeConversionException(
          most >= Integer.MAX_VALUE && number < least
              ? "%s is less than %d".formatted(value, least)
              : "%s is not between %d and %d".formatted(value, least, most));
    }
    return number;
  }

  private static double real(String value) {
    try {
      double number = Double.parseDouble(value);
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'%s' is not a number".formatted(value));
    }
    throw new TypeConversionException("'%s' is not a finite number".formatted(value));
  }
}
